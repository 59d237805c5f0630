// The details of errors in JSON, for clients whose stubs protoc-gen-es makes.

import { create, createRegistry, toJson } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";

import { file_google_rpc_error_details } from "./google/rpc/error_details_pb.js";

export const registry = createRegistry(file_google_rpc_error_details);

/** Return a detail in JSON, with its type at "@type". */
export function unpacked({ type, value }) {
  const any = create(AnySchema, { typeUrl: `type.googleapis.com/${type}`, value });
  return toJson(AnySchema, any, { registry });
}
