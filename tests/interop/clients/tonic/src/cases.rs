//! The cases, as README.md of the clients has them.

use std::time::{Duration, Instant};

use tokio::time::sleep;
use tonic::Code;
use tonic_types::RpcStatusExt;

use crate::pb::batch_send_result::Outcome as Sent;
use crate::pb::subscribe_response::Message;
use crate::pb::{
    BatchItemError, BatchSendResult, ChangeType, Goodbye, GoodbyeReason, Notification, Payload, ReadState,
    SendNotificationRequest,
};
use crate::service::{Failed, Outcome, PHONE, Service, check_reason, ends_with, expect, retried};
use crate::stream::Stream;

const RAW_BYTES: usize = 32 * 1024;

/// Run the case of a name.
pub async fn run(case: &str, address: &str) -> Outcome<()> {
    let ping = (case == "keepalive-10s").then_some(Duration::from_secs(10));
    let service = Service::new(address, ping);
    match case {
        "send" => send(&service).await,
        "batch" => batch(&service).await,
        "list" => list(&service).await,
        "live" => live(&service).await,
        "deadline" => deadline(&service).await,
        "cancel" => cancel(&service).await,
        "large" => large(&service).await,
        "keepalive" => held(&service).await.map(drop),
        "keepalive-10s" => keepalive_10s(&service).await,
        "drain" => drain(&service).await,
        "goaway" => goaway(&service).await,
        "stranger" => stranger(&service).await,
        _ => Err(Failed::Case(format!("there is no case {case}"))),
    }
}

async fn send(service: &Service) -> Outcome<()> {
    let first = service.send("Grüße, 世界", "parcel-1").await?;
    let is_new = !first.id.is_empty() && first.revision > 0 && !first.deduplicated;
    expect(is_new, format!("the first answer is {first:?}"))?;
    let again = service.send("Grüße, 世界", "parcel-1").await?;
    expect(again.id == first.id && again.deduplicated, format!("the second answer is {again:?}"))
}

async fn batch(service: &Service) -> Outcome<()> {
    let empty = SendNotificationRequest { user_id: service.user_id.clone(), ..Default::default() };
    let items = vec![service.item("First", ""), empty, service.item("Last", "")];
    let results = service.batch(items).await?;
    let [Some(Sent::Result(_)), Some(Sent::Error(refused)), Some(Sent::Result(_))] =
        results.iter().map(|result| result.outcome.as_ref()).collect::<Vec<_>>()[..]
    else {
        return Err(Failed::Case(format!("the results are {results:?}")));
    };
    refused_payload(refused)
}

fn refused_payload(refused: &BatchItemError) -> Outcome<()> {
    let status = tonic_types::Status {
        code: refused.code,
        message: refused.message.clone(),
        details: refused.details.clone(),
    };
    let details = status.get_error_details();
    expect(status.code == Code::InvalidArgument as i32, format!("the code is {}", status.code))?;
    check_reason(&details, "INVALID_REQUEST")?;
    let violations =
        &details.bad_request().ok_or(Failed::Case("there is no BadRequest".into()))?.field_violations;
    let fields: Vec<&str> = violations.iter().map(|violation| violation.field.as_str()).collect();
    expect(fields == ["payload"], format!("the fields are {fields:?}"))
}

async fn list(service: &Service) -> Outcome<()> {
    let items = ["0", "1", "2", "3", "4"].map(|title| service.item(title, ""));
    let sent = service.batch(items.into()).await?;
    let pages = service.pages(2).await?;
    let sizes: Vec<usize> = pages.iter().map(|page| page.notifications.len()).collect();
    let listed: Vec<&str> =
        pages.iter().flat_map(|page| &page.notifications).map(|row| row.id.as_str()).collect();
    expect(
        listed.into_iter().rev().eq(sent.iter().map(id_of)),
        "the list is not what was sent, newest first",
    )?;
    expect(sizes == [2, 2, 1], format!("the pages have {sizes:?}"))
}

async fn live(service: &Service) -> Outcome<()> {
    let mut stream = service.synced().await?;
    let sent = service.send("Hello", "").await?;
    let event = stream.event().await?;
    let is_it = event.notification_id == sent.id && event.alert;
    expect(is_it && event.change_type() == ChangeType::Created, format!("the event is {event:?}"))?;
    expect(title_of(event.notification.as_ref()) == "Hello", "it has another title")?;
    let marked = service.mark_read(&sent.id).await?;
    expect(marked.changed == 1, format!("{} changed", marked.changed))?;
    let event = stream.event().await?;
    expect(event.change_type() == ChangeType::StateChanged, format!("the event is {event:?}"))?;
    expect(event.notification.is_some_and(|row| row.read_state() == ReadState::Read), "it is not read")?;
    expect(event.origin_endpoint_id == PHONE, "it does not say who read it")
}

async fn deadline(service: &Service) -> Outcome<()> {
    let subscribed = service.subscribe(Vec::new(), Some(Duration::from_millis(300))).await;
    let ended: Outcome<()> = match subscribed {
        Ok(mut stream) => Err(stream.exhaust().await),
        Err(failed) => Err(failed),
    };
    ends_with(ended, Code::DeadlineExceeded, "")?;
    service.feed().await.map(drop)
}

async fn cancel(service: &Service) -> Outcome<()> {
    drop(service.synced().await?);
    service.feed().await.map(drop)
}

async fn large(service: &Service) -> Outcome<()> {
    let payload = Some(Payload { raw_content: vec![b'x'; RAW_BYTES], ..Default::default() });
    let item = SendNotificationRequest { user_id: service.user_id.clone(), payload, ..Default::default() };
    let stored = service.batch(vec![item.clone(); 127]).await?;
    expect(stored.len() == 127 && stored.iter().all(|one| !id_of(one).is_empty()), "not all were stored")?;
    let refused = service.batch(vec![item; 160]).await;
    ends_with(refused, Code::ResourceExhausted, "REQUEST_TOO_LARGE")?;
    expect(service.feed().await?.last_revision == 127, "what was refused left something")?;
    expect(service.page(500, String::new()).await?.notifications.len() > 25, "the page is short")
}

async fn keepalive_10s(service: &Service) -> Outcome<()> {
    drop(held(service).await?);
    sleep(Duration::from_secs(15)).await;
    service.feed().await.map(drop)
}

async fn held(service: &Service) -> Outcome<Stream> {
    let mut stream = service.synced().await?;
    sleep(Duration::from_secs(25)).await;
    let sent = service.send("Still there", "").await?;
    expect(stream.event().await?.notification_id == sent.id, "another event came")?;
    Ok(stream)
}

async fn drain(service: &Service) -> Outcome<()> {
    let mut stream = service.synced().await?;
    let sent = service.send("Before", "").await?;
    expect(stream.event().await?.notification_id == sent.id, "another event came")?;
    println!("ready");
    let goodbye = goodbye_of(&mut stream).await?;
    expect(goodbye.reason() == GoodbyeReason::Draining, format!("the last message is {goodbye:?}"))?;
    ends_with(stream.next().await, Code::Unavailable, "DRAINING")?;
    sleep(goodbye.retry_delay.unwrap_or_default().try_into().unwrap_or_default()).await;
    let mut stream = retried(async || resumed(service, &stream.resume_token).await).await?;
    let event = stream.event().await?;
    let title = title_of(event.notification.as_ref());
    expect(title == "After the restart", format!("the event is of {title:?}"))
}

async fn goodbye_of(stream: &mut Stream) -> Outcome<Goodbye> {
    loop {
        if let Some(Message::Goodbye(goodbye)) = stream.next().await?.message {
            return Ok(goodbye);
        }
    }
}

async fn resumed(service: &Service, resume_token: &[u8]) -> Outcome<Stream> {
    let mut stream = service.subscribe(resume_token.to_vec(), None).await?;
    expect(stream.welcome().await?.resumed, "the stream did not resume")?;
    Ok(stream)
}

async fn goaway(service: &Service) -> Outcome<()> {
    let mut stream = service.synced().await?;
    let reading = tokio::spawn(async move { stream.exhaust().await });
    let until = Instant::now() + Duration::from_secs(5);
    println!("ready");
    let mut sent = Vec::new();
    loop {
        let is_last = reading.is_finished() && Instant::now() > until;
        let title = format!("call-{}", sent.len());
        let result = retried(async || service.send(&title, &title).await).await?;
        sent.push((title, result.id));
        if is_last {
            break;
        }
    }
    let pages = service.pages(500).await?;
    let rows = pages.iter().flat_map(|page| &page.notifications);
    let mut listed: Vec<_> = rows.map(|row| (title_of(Some(row)).to_owned(), row.id.clone())).collect();
    listed.reverse();
    expect(listed == sent, format!("{} were sent, {} are listed", sent.len(), listed.len()))
}

async fn stranger(service: &Service) -> Outcome<()> {
    ends_with(service.feed_as("nonsense").await, Code::Unauthenticated, "TOKEN_INVALID")?;
    service.feed().await.map(drop)
}

fn id_of(result: &BatchSendResult) -> &str {
    match &result.outcome {
        Some(Sent::Result(sent)) => &sent.id,
        _ => "",
    }
}

fn title_of(notification: Option<&Notification>) -> &str {
    let payload = notification.and_then(|row| row.payload.as_ref());
    payload.and_then(|payload| payload.visual_content.as_ref()).map_or("", |content| &content.title)
}
