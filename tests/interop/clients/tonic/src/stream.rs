//! A stream of a device.

use std::collections::VecDeque;

use tonic::Streaming;

use crate::pb::subscribe_response::Message;
use crate::pb::{Event, SubscribeResponse, Welcome};
use crate::service::{Failed, Outcome};

/// Dropping it cancels it.
pub struct Stream {
    messages: Streaming<SubscribeResponse>,
    events: VecDeque<Event>,
    /// Of the last message.
    pub resume_token: Vec<u8>,
}

impl Stream {
    pub fn new(messages: Streaming<SubscribeResponse>) -> Self {
        Self { messages, events: VecDeque::new(), resume_token: Vec::new() }
    }

    /// The next message; a stream that ends as if all were well is a failure.
    pub async fn next(&mut self) -> Outcome<SubscribeResponse> {
        let message = self.messages.message().await?;
        let message = message.ok_or(Failed::Case("the stream ended with OK".into()))?;
        self.resume_token.clone_from(&message.resume_token);
        Ok(message)
    }

    /// The first message.
    pub async fn welcome(&mut self) -> Outcome<Welcome> {
        match self.next().await?.message {
            Some(Message::Welcome(welcome)) => Ok(welcome),
            other => Err(Failed::Case(format!("the first message is {other:?}"))),
        }
    }

    /// The next event, whatever else comes before it.
    pub async fn event(&mut self) -> Outcome<Event> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(event);
            }
            if let Some(Message::EventBatch(batch)) = self.next().await?.message {
                self.events.extend(batch.events);
            }
        }
    }

    /// Read to the end.
    pub async fn exhaust(&mut self) -> Failed {
        loop {
            if let Err(failed) = self.next().await {
                return failed;
            }
        }
    }
}
