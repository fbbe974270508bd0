// Debian's gRPC is built without ThreadSanitizer, so a sanitized test does not see how gRPC's
// threads hand things to each other and takes each hand-over inside gRPC for a race. What is listed
// here is gRPC's own side of it, and this folder's fake server; a race in a reaction of ours is
// still reported, since the lines name no frame that our reactions are called from.
extern "C" const char* __tsan_default_options() { return "ignore_noninstrumented_modules=1"; }

extern "C" const char* __tsan_default_suppressions() {
  return
      // Operations and their completion, in gRPC's headers and so compiled here.
      "race:grpc::internal::CallOp\n"
      "race:grpc::internal::InterceptorBatchMethodsImpl\n"
      "race:grpc::internal::CallbackWithSuccessTag::CallbackWithSuccessTag\n"
      "race:grpc::internal::CallbackWithSuccessTag::Set\n"
      "race:grpc::internal::CallbackWithSuccessTag::Clear\n"
      "race:ServerCallbackReaderWriterImpl\n"
      "race:ClientCallbackReaderWriterFactory\n"
      "race_top:grpc::\n"
      "race_top:grpc_\n"
      // A server's shutdown waits for its streams inside gRPC.
      "race:ovpnbroker::test::ScriptedPolicy\n";
}
