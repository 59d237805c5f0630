package interop;

import static interop.CaseFailed.expect;

import com.google.protobuf.ByteString;
import com.google.rpc.BadRequest;
import io.grpc.CallOptions;
import io.grpc.Status.Code;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import unisono.v1.BatchSendResult;
import unisono.v1.ChangeType;
import unisono.v1.Event;
import unisono.v1.ListNotificationsResponse;
import unisono.v1.MarkNotificationsRequest;
import unisono.v1.MarkNotificationsResponse;
import unisono.v1.Notification;
import unisono.v1.NotificationRef;
import unisono.v1.NotificationRefs;
import unisono.v1.Payload;
import unisono.v1.ReadState;
import unisono.v1.SendNotificationRequest;
import unisono.v1.SendResult;

/** What is tried on a server that stays, as the README has it. */
final class Cases {
  static final Map<String, Consumer<Service>> ALL =
      Map.ofEntries(
          Map.entry("send", Cases::send),
          Map.entry("batch", Cases::batch),
          Map.entry("list", Cases::list),
          Map.entry("live", Cases::live),
          Map.entry("deadline", Cases::deadline),
          Map.entry("cancel", Cases::cancel),
          Map.entry("large", Cases::large),
          Map.entry("keepalive", Cases::hold),
          Map.entry("keepalive-10s", Cases::keepalive10s),
          Map.entry("drain", Restarts::drain),
          Map.entry("goaway", Restarts::goaway),
          Map.entry("stranger", Cases::stranger));

  private Cases() {}

  private static void send(Service service) {
    SendResult first = service.send("Grüße, 世界", "parcel-1");
    expect(!first.getId().isEmpty() && first.getRevision() > 0 && !first.getDeduplicated(), "first: " + first);
    SendResult again = service.send("Grüße, 世界", "parcel-1");
    expect(again.getId().equals(first.getId()) && again.getDeduplicated(), "second: " + again);
  }

  private static void batch(Service service) {
    SendNotificationRequest empty = SendNotificationRequest.newBuilder().setUserId(service.userId).build();
    List<BatchSendResult> results =
        service.batch(List.of(service.create("First", ""), empty, service.create("Last", "")));
    expect(results.size() == 3 && results.get(0).hasResult() && results.get(2).hasResult(), "one is refused");
    var error = results.get(1).getError();
    expect(error.getCode() == Code.INVALID_ARGUMENT.value(), "the code is " + error.getCode());
    Errors.checkReason(error.getDetailsList(), "INVALID_REQUEST");
    var violations = Errors.detail(error.getDetailsList(), BadRequest.class).getFieldViolationsList();
    expect(violations.size() == 1 && violations.get(0).getField().equals("payload"), "it names " + violations);
  }

  private static void list(Service service) {
    List<SendNotificationRequest> items =
        IntStream.range(0, 5).mapToObj(number -> service.create("Number " + number, "")).toList();
    List<String> sent =
        new ArrayList<>(service.batch(items).stream().map(outcome -> outcome.getResult().getId()).toList());
    List<ListNotificationsResponse> pages = service.pages(2);
    List<String> listed = new ArrayList<>();
    pages.forEach(page -> page.getNotificationsList().forEach(row -> listed.add(row.getId())));
    Collections.reverse(sent);
    expect(listed.equals(sent), "the list is not what was sent, newest first");
    expect(pages.size() == 3, "there are " + pages.size() + " pages");
  }

  private static void live(Service service) {
    Stream stream = service.synced();
    SendResult sent = service.send("Hello", "");
    Event created = stream.event();
    expect(created.getNotificationId().equals(sent.getId()) && created.getAlert(), "the event is " + created);
    expect(created.getChangeType() == ChangeType.CHANGE_TYPE_CREATED, "the event is " + created);
    expect(title(created.getNotification()).equals("Hello"), "it has another title");
    NotificationRef reference = NotificationRef.newBuilder().setId(sent.getId()).build();
    MarkNotificationsResponse marked =
        service.act(
            Methods.MARK,
            MarkNotificationsRequest.newBuilder()
                .setEndpointId(Service.PHONE)
                .setReferences(NotificationRefs.newBuilder().addRefs(reference))
                .setReadState(ReadState.READ_STATE_READ)
                .build());
    expect(marked.getChanged() == 1, marked.getChanged() + " changed");
    Event read = stream.event();
    expect(read.getChangeType() == ChangeType.CHANGE_TYPE_STATE_CHANGED, "the event is " + read);
    expect(read.getNotification().getReadState() == ReadState.READ_STATE_READ, "it is not read");
    expect(read.getOriginEndpointId().equals(Service.PHONE), "it does not say who read it");
  }

  private static void deadline(Service service) {
    CallOptions soon = CallOptions.DEFAULT.withDeadlineAfter(300, TimeUnit.MILLISECONDS);
    Stream stream = service.subscribe(request -> {}, soon);
    Errors.endsWith(Code.DEADLINE_EXCEEDED, "", stream::exhaust);
    service.feed();
  }

  private static void cancel(Service service) {
    Stream stream = service.synced();
    stream.cancel();
    Errors.endsWith(Code.CANCELLED, "", stream::exhaust);
    service.feed();
  }

  private static void large(Service service) {
    SendNotificationRequest item =
        SendNotificationRequest.newBuilder()
            .setUserId(service.userId)
            .setPayload(Payload.newBuilder().setRawContent(ByteString.copyFrom(new byte[32 * 1024])))
            .build();
    List<BatchSendResult> stored = service.batch(Collections.nCopies(127, item));
    expect(stored.size() == 127 && stored.stream().allMatch(BatchSendResult::hasResult), "not all were stored");
    Errors.endsWith(
        Code.RESOURCE_EXHAUSTED, "REQUEST_TOO_LARGE", () -> service.batch(Collections.nCopies(160, item)));
    expect(service.feed().getLastRevision() == 127, "what was refused left something");
    expect(service.pages(500).get(0).getNotificationsCount() > 25, "the page is short");
  }

  private static void keepalive10s(Service service) {
    hold(service).cancel();
    pause(15_000);
    service.feed();
  }

  private static Stream hold(Service service) {
    Stream stream = service.synced();
    pause(25_000);
    SendResult sent = service.send("Still there", "");
    expect(stream.event().getNotificationId().equals(sent.getId()), "another event came");
    return stream;
  }

  private static void stranger(Service service) {
    Errors.endsWith(
        Code.UNAUTHENTICATED,
        "TOKEN_INVALID",
        () -> service.call(Methods.GET_FEED, service.feedRequest(), "nonsense"));
    service.feed();
  }

  static String title(Notification notification) {
    return notification.getPayload().getVisualContent().getTitle();
  }

  static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException error) {
      throw new CaseFailed("interrupted");
    }
  }
}
