//! The service as a backend and a device call it: stubs on one channel, tokens, deadlines, and the details of errors.

use std::fmt;
use std::time::{Duration, Instant};

use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::pb::feed_service_client::FeedServiceClient;
use crate::pb::notification_service_client::NotificationServiceClient;
use crate::pb::subscribe_request::Start;
use crate::pb::{
    BatchSendNotificationsRequest, BatchSendResult, DevicePlatform, GetFeedRequest, GetFeedResponse,
    ListNotificationsRequest, ListNotificationsResponse, MarkNotificationsRequest, MarkNotificationsResponse,
    NotificationRef, NotificationRefs, Payload, ReadState, SendNotificationRequest, SendResult,
    SubscribeRequest, VisualContent, mark_notifications_request, notification_ref,
};
use crate::stream::Stream;

pub const DEADLINE: Duration = Duration::from_secs(30);
pub const PHONE: &str = "phone";

/// Why a case does not hold.
pub enum Failed {
    /// A call failed.
    Call(Status),
    /// Something was not as the case says.
    Case(String),
}

impl From<Status> for Failed {
    fn from(status: Status) -> Self {
        Self::Call(status)
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(status) => write!(out, "{:?}: {}", status.code(), status.message()),
            Self::Case(why) => write!(out, "{why}"),
        }
    }
}

pub type Outcome<T> = Result<T, Failed>;

/// Fail unless it holds.
pub fn expect(holds: bool, why: impl Into<String>) -> Outcome<()> {
    if holds { Ok(()) } else { Err(Failed::Case(why.into())) }
}

/// Expect a call to have ended with this code, and with this reason unless it is empty.
pub fn ends_with<T>(outcome: Outcome<T>, code: Code, reason: &str) -> Outcome<()> {
    match outcome {
        Err(Failed::Call(status)) if code_of(&status) == code => {
            if reason.is_empty() {
                Ok(())
            } else {
                check_reason(&status.get_error_details(), reason)
            }
        }
        Err(failed) => Err(failed),
        Ok(_) => Err(Failed::Case(format!("the call did not end with {code:?}"))),
    }
}

/// A deadline that passes before the response begins is seen by tonic itself, which says Cancelled of it.
fn code_of(status: &Status) -> Code {
    match status.code() {
        Code::Cancelled if status.message() == "Timeout expired" => Code::DeadlineExceeded,
        code => code,
    }
}

/// Expect an `ErrorInfo` with this reason among the details.
pub fn check_reason(details: &ErrorDetails, reason: &str) -> Outcome<()> {
    let info = details.error_info().ok_or(Failed::Case("there is no ErrorInfo".into()))?;
    expect(info.domain == "unisono" && info.reason == reason, format!("the reason is {}", info.reason))
}

/// What the cases call.
pub struct Service {
    notifications: NotificationServiceClient<Channel>,
    feeds: FeedServiceClient<Channel>,
    publisher: String,
    user: String,
    pub user_id: String,
}

impl Service {
    /// Connect when the first call is made; ping each so often, also without streams, or as the library does.
    pub fn new(address: &str, ping: Option<Duration>) -> Self {
        let mut endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
        if let Some(interval) = ping {
            endpoint = endpoint.http2_keep_alive_interval(interval).keep_alive_while_idle(true);
        }
        let channel = endpoint.connect_lazy();
        Self {
            notifications: NotificationServiceClient::new(channel.clone()),
            feeds: FeedServiceClient::new(channel),
            publisher: variable("PUBLISHER_TOKEN"),
            user: variable("USER_TOKEN"),
            user_id: variable("USER_ID"),
        }
    }

    /// What is to be sent.
    pub fn item(&self, title: &str, key: &str) -> SendNotificationRequest {
        let visual_content = Some(VisualContent { title: title.into(), ..Default::default() });
        SendNotificationRequest {
            user_id: self.user_id.clone(),
            app_notification_id: key.into(),
            payload: Some(Payload { visual_content, ..Default::default() }),
            ..Default::default()
        }
    }

    pub async fn send(&self, title: &str, key: &str) -> Outcome<SendResult> {
        let request = request(self.item(title, key), &self.publisher, Some(DEADLINE));
        let response = self.notifications.clone().send_notification(request).await?;
        response.into_inner().result.ok_or(Failed::Case("there is no result".into()))
    }

    pub async fn batch(&self, requests: Vec<SendNotificationRequest>) -> Outcome<Vec<BatchSendResult>> {
        let request = request(BatchSendNotificationsRequest { requests }, &self.publisher, Some(DEADLINE));
        Ok(self.notifications.clone().batch_send_notifications(request).await?.into_inner().results)
    }

    pub async fn page(&self, page_size: i32, page_token: String) -> Outcome<ListNotificationsResponse> {
        let user_id = self.user_id.clone();
        let message = ListNotificationsRequest { user_id, page_size, page_token, ..Default::default() };
        let request = request(message, &self.publisher, Some(DEADLINE));
        Ok(self.notifications.clone().list_notifications(request).await?.into_inner())
    }

    pub async fn pages(&self, page_size: i32) -> Outcome<Vec<ListNotificationsResponse>> {
        let mut pages = vec![self.page(page_size, String::new()).await?];
        while let Some(page) = pages.last().filter(|page| !page.next_page_token.is_empty()) {
            pages.push(self.page(page_size, page.next_page_token.clone()).await?);
        }
        Ok(pages)
    }

    /// Mark one as read, as the device.
    pub async fn mark_read(&self, id: &str) -> Outcome<MarkNotificationsResponse> {
        let refs = vec![NotificationRef { r#ref: Some(notification_ref::Ref::Id(id.into())) }];
        let message = MarkNotificationsRequest {
            endpoint_id: PHONE.into(),
            selector: Some(mark_notifications_request::Selector::References(NotificationRefs { refs })),
            read_state: ReadState::Read.into(),
            ..Default::default()
        };
        let request = request(message, &self.user, Some(DEADLINE));
        Ok(self.notifications.clone().mark_notifications(request).await?.into_inner())
    }

    pub async fn feed(&self) -> Outcome<GetFeedResponse> {
        self.feed_as(&self.publisher).await
    }

    pub async fn feed_as(&self, token: &str) -> Outcome<GetFeedResponse> {
        let message = GetFeedRequest { user_id: self.user_id.clone(), ..Default::default() };
        Ok(self.feeds.clone().get_feed(request(message, token, Some(DEADLINE))).await?.into_inner())
    }

    /// Begin a stream, from the position of a token if there is one.
    pub async fn subscribe(&self, resume_token: Vec<u8>, timeout: Option<Duration>) -> Outcome<Stream> {
        let message = SubscribeRequest {
            endpoint_id: PHONE.into(),
            platform: DevicePlatform::Linux.into(),
            start: (!resume_token.is_empty()).then_some(Start::ResumeToken(resume_token)),
            ..Default::default()
        };
        let response = self.feeds.clone().subscribe(request(message, &self.user, timeout)).await?;
        Ok(Stream::new(response.into_inner()))
    }

    /// Begin a stream, and read until a message is complete.
    pub async fn synced(&self) -> Outcome<Stream> {
        let mut stream = self.subscribe(Vec::new(), None).await?;
        stream.welcome().await?;
        while !stream.next().await?.complete {}
        Ok(stream)
    }
}

/// Call until it does not end with UNAVAILABLE.
pub async fn retried<T>(call: impl AsyncFn() -> Outcome<T>) -> Outcome<T> {
    let until = Instant::now() + DEADLINE;
    loop {
        match call().await {
            Err(Failed::Call(status)) if status.code() == Code::Unavailable && Instant::now() < until => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            outcome => return outcome,
        }
    }
}

fn request<T>(message: T, token: &str, timeout: Option<Duration>) -> Request<T> {
    let mut request = Request::new(message);
    let value = format!("Bearer {token}").parse().expect("a token");
    request.metadata_mut().insert("authorization", value);
    if let Some(timeout) = timeout {
        request.set_timeout(timeout);
    }
    request
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}
