package interop;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import unisono.v1.BatchSendNotificationsRequest;
import unisono.v1.BatchSendResult;
import unisono.v1.DevicePlatform;
import unisono.v1.GetFeedRequest;
import unisono.v1.GetFeedResponse;
import unisono.v1.ListNotificationsRequest;
import unisono.v1.ListNotificationsResponse;
import unisono.v1.Payload;
import unisono.v1.SendNotificationRequest;
import unisono.v1.SendResult;
import unisono.v1.SubscribeRequest;
import unisono.v1.VisualContent;

/** The service as a backend and a device call it, on one channel. */
final class Service implements AutoCloseable {
  static final String PHONE = "phone";
  static final long DEADLINE_SECONDS = 30;

  final String userId = System.getenv("USER_ID");
  private final ManagedChannel channel;

  Service(String address, boolean ping) {
    ManagedChannelBuilder<?> builder = ManagedChannelBuilder.forTarget(address).usePlaintext();
    if (ping) {
      builder.keepAliveTime(10, TimeUnit.SECONDS).keepAliveWithoutCalls(true);
    }
    channel = builder.build();
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }

  /** Makes a call as the publisher. */
  <Q, S> S publish(MethodDescriptor<Q, S> method, Q request) {
    return call(method, request, System.getenv("PUBLISHER_TOKEN"));
  }

  /** Makes a call as the user's device. */
  <Q, S> S act(MethodDescriptor<Q, S> method, Q request) {
    return call(method, request, System.getenv("USER_TOKEN"));
  }

  <Q, S> S call(MethodDescriptor<Q, S> method, Q request, String token) {
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
    return ClientCalls.blockingUnaryCall(as(token), method, options, request);
  }

  SendNotificationRequest create(String title, String key) {
    return SendNotificationRequest.newBuilder()
        .setUserId(userId)
        .setAppNotificationId(key)
        .setPayload(Payload.newBuilder().setVisualContent(VisualContent.newBuilder().setTitle(title)))
        .build();
  }

  SendResult send(String title, String key) {
    return publish(Methods.SEND, create(title, key)).getResult();
  }

  List<BatchSendResult> batch(List<SendNotificationRequest> items) {
    return publish(Methods.BATCH, BatchSendNotificationsRequest.newBuilder().addAllRequests(items).build())
        .getResultsList();
  }

  /** Returns the pages of the user's feed. */
  List<ListNotificationsResponse> pages(int pageSize) {
    List<ListNotificationsResponse> pages = new ArrayList<>();
    ListNotificationsRequest.Builder request =
        ListNotificationsRequest.newBuilder().setUserId(userId).setPageSize(pageSize);
    do {
      ListNotificationsResponse page = publish(Methods.LIST, request.build());
      pages.add(page);
      request.setPageToken(page.getNextPageToken());
    } while (!request.getPageToken().isEmpty());
    return pages;
  }

  GetFeedRequest feedRequest() {
    return GetFeedRequest.newBuilder().setUserId(userId).build();
  }

  GetFeedResponse feed() {
    return publish(Methods.GET_FEED, feedRequest());
  }

  /** Begins a stream; `change` adds to its request. */
  Stream subscribe(Consumer<SubscribeRequest.Builder> change, CallOptions options) {
    SubscribeRequest.Builder request =
        SubscribeRequest.newBuilder().setEndpointId(PHONE).setPlatform(DevicePlatform.DEVICE_PLATFORM_LINUX);
    change.accept(request);
    return new Stream(
        ClientCalls.blockingV2ServerStreamingCall(
            as(System.getenv("USER_TOKEN")), Methods.SUBSCRIBE, options, request.build()));
  }

  /** Begins a stream, and reads until a message is complete. */
  Stream synced() {
    Stream stream = subscribe(request -> {}, CallOptions.DEFAULT);
    CaseFailed.expect(stream.next().hasWelcome(), "the first message is no Welcome");
    while (!stream.next().getComplete()) {}
    return stream;
  }

  private Channel as(String token) {
    Metadata metadata = new Metadata();
    metadata.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
    ClientInterceptor bearer = MetadataUtils.newAttachHeadersInterceptor(metadata);
    return ClientInterceptors.intercept(channel, bearer);
  }
}
