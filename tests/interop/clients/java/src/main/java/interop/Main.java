package interop;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.util.Arrays;
import java.util.List;

/** A client on grpc-java; its options are those of every client. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    List<String> words = Arrays.asList(arguments);
    if (words.contains("--version")) {
      System.out.println("grpc-java " + ManagedChannel.class.getPackage().getImplementationVersion());
      return;
    }
    String name = after(words, "--case");
    try (Service service = new Service(after(words, "--address"), name.equals("keepalive-10s"))) {
      Cases.ALL.get(name).accept(service);
    } catch (CaseFailed | StatusRuntimeException failed) {
      System.err.println(failed.getMessage().replace('\n', ' '));
      System.exit(1);
    }
    System.exit(0);
  }

  private static String after(List<String> words, String option) {
    return words.get(words.indexOf(option) + 1);
  }
}
