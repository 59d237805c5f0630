package interop;

import com.google.protobuf.Message;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.protobuf.ProtoUtils;
import unisono.v1.BatchSendNotificationsRequest;
import unisono.v1.BatchSendNotificationsResponse;
import unisono.v1.GetFeedRequest;
import unisono.v1.GetFeedResponse;
import unisono.v1.ListNotificationsRequest;
import unisono.v1.ListNotificationsResponse;
import unisono.v1.MarkNotificationsRequest;
import unisono.v1.MarkNotificationsResponse;
import unisono.v1.SendNotificationRequest;
import unisono.v1.SendNotificationResponse;
import unisono.v1.SubscribeRequest;
import unisono.v1.SubscribeResponse;

/** The methods that are called, as the plugin of protoc would have them, which not every platform has. */
final class Methods {
  private static final String NOTIFICATIONS = "unisono.v1.NotificationService/";
  private static final String FEEDS = "unisono.v1.FeedService/";

  static final MethodDescriptor<SendNotificationRequest, SendNotificationResponse> SEND =
      unary(
          NOTIFICATIONS + "SendNotification",
          SendNotificationRequest.getDefaultInstance(),
          SendNotificationResponse.getDefaultInstance());
  static final MethodDescriptor<BatchSendNotificationsRequest, BatchSendNotificationsResponse> BATCH =
      unary(
          NOTIFICATIONS + "BatchSendNotifications",
          BatchSendNotificationsRequest.getDefaultInstance(),
          BatchSendNotificationsResponse.getDefaultInstance());
  static final MethodDescriptor<ListNotificationsRequest, ListNotificationsResponse> LIST =
      unary(
          NOTIFICATIONS + "ListNotifications",
          ListNotificationsRequest.getDefaultInstance(),
          ListNotificationsResponse.getDefaultInstance());
  static final MethodDescriptor<MarkNotificationsRequest, MarkNotificationsResponse> MARK =
      unary(
          NOTIFICATIONS + "MarkNotifications",
          MarkNotificationsRequest.getDefaultInstance(),
          MarkNotificationsResponse.getDefaultInstance());
  static final MethodDescriptor<GetFeedRequest, GetFeedResponse> GET_FEED =
      unary(FEEDS + "GetFeed", GetFeedRequest.getDefaultInstance(), GetFeedResponse.getDefaultInstance());
  static final MethodDescriptor<SubscribeRequest, SubscribeResponse> SUBSCRIBE =
      method(
          MethodType.SERVER_STREAMING,
          FEEDS + "Subscribe",
          SubscribeRequest.getDefaultInstance(),
          SubscribeResponse.getDefaultInstance());

  private Methods() {}

  private static <Q extends Message, S extends Message> MethodDescriptor<Q, S> unary(
      String name, Q request, S response) {
    return method(MethodType.UNARY, name, request, response);
  }

  private static <Q extends Message, S extends Message> MethodDescriptor<Q, S> method(
      MethodType type, String name, Q request, S response) {
    return MethodDescriptor.<Q, S>newBuilder()
        .setType(type)
        .setFullMethodName(name)
        .setRequestMarshaller(ProtoUtils.marshaller(request))
        .setResponseMarshaller(ProtoUtils.marshaller(response))
        .build();
  }
}
