package interop;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.List;

/** What calls end with. */
final class Errors {
  private Errors() {}

  /** Expects a call to end with this code and, unless it is empty, this reason. */
  static void endsWith(Status.Code code, String reason, Runnable call) {
    try {
      call.run();
    } catch (StatusRuntimeException error) {
      CaseFailed.expect(error.getStatus().getCode() == code, error.getStatus() + " instead of " + code);
      if (!reason.isEmpty()) {
        checkReason(StatusProto.fromThrowable(error).getDetailsList(), reason);
      }
      return;
    }
    throw new CaseFailed("the call did not end with " + code);
  }

  static void checkReason(List<Any> details, String reason) {
    ErrorInfo info = detail(details, ErrorInfo.class);
    CaseFailed.expect(
        info.getDomain().equals("unisono") && info.getReason().equals(reason),
        "the reason is " + info.getDomain() + " " + info.getReason());
  }

  /** Returns the detail of a type. */
  static <T extends Message> T detail(List<Any> details, Class<T> kind) {
    for (Any packed : details) {
      if (packed.is(kind)) {
        try {
          return packed.unpack(kind);
        } catch (InvalidProtocolBufferException error) {
          throw new CaseFailed("a detail is damaged: " + error.getMessage());
        }
      }
    }
    throw new CaseFailed("among the details is no " + kind.getSimpleName());
  }
}
