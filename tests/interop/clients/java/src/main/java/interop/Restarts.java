package interop;

import static interop.CaseFailed.expect;

import com.google.protobuf.ByteString;
import com.google.protobuf.util.Durations;
import io.grpc.CallOptions;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import unisono.v1.Event;
import unisono.v1.GoodbyeReason;
import unisono.v1.SendResult;
import unisono.v1.SubscribeResponse;

/** What is tried while the server is stopped and started. */
final class Restarts {
  private Restarts() {}

  static void drain(Service service) {
    Stream stream = service.synced();
    SendResult sent = service.send("Before", "");
    expect(stream.event().getNotificationId().equals(sent.getId()), "another event came");
    sayReady();
    SubscribeResponse message = stream.next();
    while (!message.hasGoodbye()) {
      message = stream.next();
    }
    expect(message.getGoodbye().getReason() == GoodbyeReason.GOODBYE_REASON_DRAINING, "the last is " + message);
    Errors.endsWith(Code.UNAVAILABLE, "DRAINING", stream::exhaust);
    Cases.pause(Durations.toMillis(message.getGoodbye().getRetryDelay()));
    ByteString resumeToken = stream.resumeToken;
    Event event = repeated(() -> resumed(service, resumeToken)).event();
    expect(Cases.title(event.getNotification()).equals("After the restart"), "the event is " + event);
  }

  private static Stream resumed(Service service, ByteString resumeToken) {
    Stream stream = service.subscribe(request -> request.setResumeToken(resumeToken), CallOptions.DEFAULT);
    expect(stream.next().getWelcome().getResumed(), "the stream did not resume");
    return stream;
  }

  static void goaway(Service service) {
    Stream stream = service.synced();
    Thread reading = new Thread(() -> Errors.endsWith(Code.UNAVAILABLE, "DRAINING", stream::exhaust));
    reading.setDaemon(true);
    reading.start();
    sayReady();
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
    Map<String, String> sent = new LinkedHashMap<>();
    boolean last = false;
    while (!last) {
      last = !reading.isAlive() && System.nanoTime() > until;
      String title = "call-" + sent.size();
      sent.put(title, repeated(() -> service.send(title, title)).getId());
    }
    int listed = 0;
    for (var page : service.pages(500)) {
      for (var row : page.getNotificationsList()) {
        listed += 1;
        expect(row.getId().equals(sent.get(Cases.title(row))), "another answer had the id of " + row);
      }
    }
    expect(listed == sent.size(), sent.size() + " were sent, " + listed + " are listed");
  }

  /** Makes a call until it does not end with UNAVAILABLE any more. */
  private static <T> T repeated(Supplier<T> call) {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(Service.DEADLINE_SECONDS);
    while (true) {
      try {
        return call.get();
      } catch (StatusRuntimeException error) {
        expect(error.getStatus().getCode() == Code.UNAVAILABLE, error.getStatus().toString());
        expect(System.nanoTime() < until, "the server does not come back: " + error.getStatus());
        Cases.pause(50);
      }
    }
  }

  private static void sayReady() {
    System.out.println("ready");
    System.out.flush();
  }
}
