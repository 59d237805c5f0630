package interop;

import com.google.protobuf.ByteString;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.BlockingClientCall;
import java.util.ArrayDeque;
import java.util.Queue;
import unisono.v1.Event;
import unisono.v1.SubscribeRequest;
import unisono.v1.SubscribeResponse;

/** A stream of a device. */
final class Stream {
  /** That of the last message. */
  ByteString resumeToken = ByteString.EMPTY;

  private final BlockingClientCall<SubscribeRequest, SubscribeResponse> call;
  private final Queue<Event> events = new ArrayDeque<>();

  Stream(BlockingClientCall<SubscribeRequest, SubscribeResponse> call) {
    this.call = call;
  }

  /** Returns the next message. Throws StatusRuntimeException when the stream has ended. */
  SubscribeResponse next() {
    try {
      SubscribeResponse message = call.read();
      CaseFailed.expect(message != null, "the stream ended with OK");
      resumeToken = message.getResumeToken();
      return message;
    } catch (StatusException error) {
      throw new StatusRuntimeException(error.getStatus(), error.getTrailers());
    } catch (InterruptedException error) {
      throw new CaseFailed("interrupted");
    }
  }

  /** Returns the next event, whatever else comes before it. */
  Event event() {
    while (events.isEmpty()) {
      events.addAll(next().getEventBatch().getEventsList());
    }
    return events.remove();
  }

  /** Reads to the end. */
  void exhaust() {
    while (true) {
      next();
    }
  }

  void cancel() {
    call.cancel("given up", null);
  }
}
