// A TensorFlow session for Node over TensorFlow's C API: a graph that grows, runs off the JavaScript thread, traces.
//
// Built by the set-up from workers/engine, where MODULES is the root node_modules and INCLUDE the TensorFlow wheel's
// tensorflow/include:
//   g++ -std=c++17 -O2 -Wall -fPIC -shared -DNAPI_VERSION=8 -DNAPI_CPP_EXCEPTIONS -I $MODULES/node-addon-api
//     -I $MODULES/node-api-headers/include -isystem $INCLUDE native/session.cc -o native/build/session.node
//     -L $MODULES/@tensorflow/tfjs-node-gpu/deps/lib -ltensorflow -ltensorflow_framework
//     '-Wl,-rpath,$ORIGIN/../../../../node_modules/@tensorflow/tfjs-node-gpu/deps/lib'
#include "tensors.h"
#include "worker.h"

namespace {

struct Job {
  explicit Job(Napi::Env env) : promise(Napi::Promise::Deferred::New(env)) {}

  std::vector<TF_Output> inputs, outputs;
  std::vector<Tensor> feeds, fetched;
  std::vector<const TF_Operation*> targets;
  // Of a run in parts.
  std::string handle;
  Buffer options, metadata;
  Status status{TF_NewStatus()};
  Napi::Promise::Deferred promise;
};

class Session : public Napi::ObjectWrap<Session> {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "Session", {InstanceMethod<&Session::Extend>("extend"), InstanceMethod<&Session::Run>("run"),
                                        InstanceMethod<&Session::Begin>("begin"),
                                        InstanceMethod<&Session::RunPart>("runPart"),
                                        InstanceMethod<&Session::Close>("close"),
                                        InstanceMethod<&Session::DeviceTypes>("deviceTypes")});
  }

  // new Session(configProto: Uint8Array, target: string); the target '' is this process.
  explicit Session(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Session>(info), graph_(TF_NewGraph()) {
    Napi::Env env = info.Env();
    Status status(TF_NewStatus());
    auto config = Bytes(env, info[0], "the configuration");
    std::string target = info[1].ToString();
    std::unique_ptr<TF_SessionOptions, Deleter<TF_SessionOptions, TF_DeleteSessionOptions>> options(
        TF_NewSessionOptions());
    TF_SetConfig(options.get(), config.Data(), config.ByteLength(), status.get());
    ThrowUnlessOk(env, status);
    if (!target.empty()) TF_SetTarget(options.get(), target.c_str());
    session_ = TF_NewSession(graph_.get(), options.get(), status.get());
    ThrowUnlessOk(env, status);
    auto nothing = Napi::Function::New(env, [](const Napi::CallbackInfo&) {});
    deliver_ = Napi::ThreadSafeFunction::New(env, nothing, "temper session", 0, 1);
    deliver_.Unref(env);
    worker_ = std::make_unique<Worker>();
    // Also when the process exits with a run in flight: the thread must not outlive TensorFlow's globals.
    cleanup_ = env.AddCleanupHook(&Session::FreeAtExit, this);
  }

  ~Session() override { Shut(Env()); }

 private:
  // extend(graphDef: Uint8Array): adds nodes; variables and earlier nodes stay as they are.
  void Extend(const Napi::CallbackInfo& info) {
    ThrowIfClosed(info.Env());
    auto bytes = Bytes(info.Env(), info[0], "a graph");
    Buffer buffer(TF_NewBufferFromString(bytes.Data(), bytes.ByteLength()));
    Status status(TF_NewStatus());
    std::unique_ptr<TF_ImportGraphDefOptions, Deleter<TF_ImportGraphDefOptions, TF_DeleteImportGraphDefOptions>> options(
        TF_NewImportGraphDefOptions());
    TF_GraphImportGraphDef(graph_.get(), buffer.get(), options.get(), status.get());
    ThrowUnlessOk(info.Env(), status);
  }

  // run(feeds: [{name, type, shape, data}], fetches: string[], targets: string[], runOptions?: Uint8Array)
  // → Promise<{outputs: [{shape, data}], metadata?: Uint8Array}>; runs of one session happen in the order of the calls.
  Napi::Value Run(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    ThrowIfClosed(env);
    auto job = std::make_unique<Job>(env);
    AddFeeds(env, job.get(), info[0]);
    AddFetches(env, job.get(), info[1]);
    AddTargets(env, job.get(), info[2]);
    if (!info[3].IsUndefined()) {
      auto options = Bytes(env, info[3], "run options");
      job->options.reset(TF_NewBufferFromString(options.Data(), options.ByteLength()));
      job->metadata.reset(TF_NewBuffer());
    }
    return Post(env, std::move(job), &Session::ExecuteRun, &Session::ResultOf);
  }

  // begin(inputs: string[], fetches: string[], targets: string[]) → Promise<handle>: a run that is fed and fetched from in
  // parts, each node running as soon as all it needs is there. Unfinished ones end with the session.
  Napi::Value Begin(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    ThrowIfClosed(env);
    auto job = std::make_unique<Job>(env);
    auto inputs = info[0].As<Napi::Array>();
    for (uint32_t k = 0; k < inputs.Length(); k++) job->inputs.push_back(OutputOf(env, inputs[k]));
    AddFetches(env, job.get(), info[1]);
    AddTargets(env, job.get(), info[2]);
    return Post(env, std::move(job), &Session::ExecuteBegin, &Session::HandleOf);
  }

  // runPart(handle: string, feeds, fetches) → Promise<{outputs}>, with feeds that no earlier part had.
  Napi::Value RunPart(const Napi::CallbackInfo& info) {
    Napi::Env env = info.Env();
    ThrowIfClosed(env);
    auto job = std::make_unique<Job>(env);
    job->handle = info[0].ToString();
    AddFeeds(env, job.get(), info[1]);
    AddFetches(env, job.get(), info[2]);
    return Post(env, std::move(job), &Session::ExecutePart, &Session::ResultOf);
  }

  // deviceTypes() → string[]: "CPU", "GPU", … a device of the session each.
  Napi::Value DeviceTypes(const Napi::CallbackInfo& info) {
    ThrowIfClosed(info.Env());
    Status status(TF_NewStatus());
    std::unique_ptr<TF_DeviceList, Deleter<TF_DeviceList, TF_DeleteDeviceList>> list(
        TF_SessionListDevices(session_, status.get()));
    ThrowUnlessOk(info.Env(), status);
    auto types = Napi::Array::New(info.Env());
    for (int k = 0; k < TF_DeviceListCount(list.get()); k++) {
      const char* type = TF_DeviceListType(list.get(), k, status.get());
      ThrowUnlessOk(info.Env(), status);
      types[static_cast<uint32_t>(k)] = Napi::String::New(info.Env(), type);
    }
    return types;
  }

  // close(): cancels the run in flight and those that wait; their promises reject.
  void Close(const Napi::CallbackInfo& info) { Shut(info.Env()); }

  using Execute = void (Session::*)(Job*);
  using Answer = Napi::Value (*)(Napi::Env, Job*);

  // Runs a job on the worker's thread, after all before it, and answers on the JavaScript thread.
  Napi::Value Post(Napi::Env env, std::unique_ptr<Job> made, Execute execute, Answer answer) {
    Job* job = made.release();
    auto promise = job->promise.Promise();
    Ref();
    if (pending_++ == 0) deliver_.Ref(env);
    worker_->Post([this, job, execute, answer] {
      (this->*execute)(job);
      deliver_.BlockingCall(
          job, [this, answer](Napi::Env env, Napi::Function, Job* done) { Settle(env, done, answer); });
    });
    return promise;
  }

  void AddFeeds(Napi::Env env, Job* job, Napi::Value value) {
    auto feeds = value.As<Napi::Array>();
    for (uint32_t k = 0; k < feeds.Length(); k++) {
      auto feed = Napi::Value(feeds[k]).As<Napi::Object>();
      job->inputs.push_back(OutputOf(env, feed.Get("name")));
      auto type = static_cast<TF_DataType>(feed.Get("type").ToNumber().Int32Value());
      job->feeds.push_back(TensorOf(env, type, ShapeOf(env, feed.Get("shape")), feed.Get("data")));
    }
  }

  void AddFetches(Napi::Env env, Job* job, Napi::Value value) {
    auto fetches = value.As<Napi::Array>();
    for (uint32_t k = 0; k < fetches.Length(); k++) job->outputs.push_back(OutputOf(env, fetches[k]));
  }

  void AddTargets(Napi::Env env, Job* job, Napi::Value value) {
    auto targets = value.As<Napi::Array>();
    for (uint32_t k = 0; k < targets.Length(); k++) job->targets.push_back(OutputOf(env, targets[k]).oper);
  }

  // "name" or "name:output" → the node's output.
  TF_Output OutputOf(Napi::Env env, Napi::Value value) {
    std::string name = value.ToString();
    int index = 0;
    auto colon = name.rfind(':');
    if (colon != std::string::npos) {
      index = std::atoi(name.c_str() + colon + 1);
      name.resize(colon);
    }
    TF_Operation* operation = TF_GraphOperationByName(graph_.get(), name.c_str());
    if (!operation) throw InvalidArgument(env, "the graph has no node named " + name);
    bool inside = index == 0 || (index > 0 && index < TF_OperationNumOutputs(operation));
    if (!inside) throw InvalidArgument(env, name + " has no output " + std::to_string(index));
    return {operation, index};
  }

  // On the worker's thread, as those that follow.
  void ExecuteRun(Job* job) {
    WithTensors(job, [&](TF_Tensor** feeds, TF_Tensor** fetched) {
      TF_SessionRun(session_, job->options.get(), job->inputs.data(), feeds, job->inputs.size(), job->outputs.data(),
                    fetched, job->outputs.size(), job->targets.data(), job->targets.size(), job->metadata.get(),
                    job->status.get());
    });
  }

  void ExecuteBegin(Job* job) {
    const char* handle = nullptr;
    TF_SessionPRunSetup(session_, job->inputs.data(), job->inputs.size(), job->outputs.data(), job->outputs.size(),
                        job->targets.data(), job->targets.size(), &handle, job->status.get());
    if (!handle) return;
    job->handle = handle;
    TF_DeletePRunHandle(handle);
  }

  void ExecutePart(Job* job) {
    WithTensors(job, [&](TF_Tensor** feeds, TF_Tensor** fetched) {
      TF_SessionPRun(session_, job->handle.c_str(), job->inputs.data(), feeds, job->inputs.size(), job->outputs.data(),
                     fetched, job->outputs.size(), nullptr, 0, job->status.get());
    });
  }

  // Frees what is fed once it was used, and keeps what is fetched.
  template <class F>
  static void WithTensors(Job* job, F run) {
    std::vector<TF_Tensor*> feeds, fetched(job->outputs.size(), nullptr);
    for (auto& feed : job->feeds) feeds.push_back(feed.get());
    run(feeds.data(), fetched.data());
    job->feeds.clear();
    for (TF_Tensor* tensor : fetched) job->fetched.emplace_back(tensor);
  }

  // Back on the JavaScript thread, as what answers.
  void Settle(Napi::Env env, Job* done, Answer answer) {
    Napi::HandleScope scope(env);
    std::unique_ptr<Job> job(done);
    if (--pending_ == 0 && !closed_) deliver_.Unref(env);
    try {
      ThrowUnlessOk(env, job->status);
      job->promise.Resolve(answer(env, job.get()));
    } catch (const Napi::Error& error) {
      job->promise.Reject(error.Value());
    }
    Unref();
  }

  static Napi::Value HandleOf(Napi::Env env, Job* job) { return Napi::String::New(env, job->handle); }

  static Napi::Value ResultOf(Napi::Env env, Job* job) {
    auto outputs = Napi::Array::New(env, job->fetched.size());
    for (uint32_t k = 0; k < job->fetched.size(); k++) {
      outputs[k] = ValueOf(env, job->fetched[k].get());
      job->fetched[k].reset();
    }
    auto result = Napi::Object::New(env);
    result.Set("outputs", outputs);
    if (job->metadata) {
      auto bytes = static_cast<const uint8_t*>(job->metadata->data);
      result.Set("metadata", Napi::Buffer<uint8_t>::Copy(env, bytes, job->metadata->length));
    }
    return result;
  }

  void ThrowIfClosed(Napi::Env env) {
    if (closed_) throw ErrorOf(env, TF_FAILED_PRECONDITION, "the session is closed");
  }

  void Shut(Napi::Env env) {
    if (!session_ || closed_) return;
    cleanup_.Remove(env);
    Free();
  }

  static void FreeAtExit(Session* self) { self->Free(); }

  void Free() {
    if (closed_) return;
    closed_ = true;
    Status status(TF_NewStatus());
    TF_CloseSession(session_, status.get());  // makes the run in flight and all that follow fail
    worker_.reset();
    deliver_.Release();
    TF_DeleteSession(session_, status.get());
  }

  std::unique_ptr<TF_Graph, Deleter<TF_Graph, TF_DeleteGraph>> graph_;
  TF_Session* session_ = nullptr;
  Napi::ThreadSafeFunction deliver_;
  std::unique_ptr<Worker> worker_;
  Napi::Env::CleanupHook<void (*)(Session*), Session> cleanup_;
  int pending_ = 0;
  bool closed_ = false;
};

// loadLibrary(path): a library whose operations every later graph may use; stays loaded.
void LoadLibrary(const Napi::CallbackInfo& info) {
  Status status(TF_NewStatus());
  TF_LoadLibrary(std::string(info[0].ToString()).c_str(), status.get());
  ThrowUnlessOk(info.Env(), status);
}

// hasOperation(name) → whether graphs may use it.
Napi::Value HasOperation(const Napi::CallbackInfo& info) {
  Status status(TF_NewStatus());
  Buffer definition(TF_NewBuffer());
  std::unique_ptr<TF_Graph, Deleter<TF_Graph, TF_DeleteGraph>> graph(TF_NewGraph());
  TF_GraphGetOpDef(graph.get(), std::string(info[0].ToString()).c_str(), definition.get(), status.get());
  return Napi::Boolean::New(info.Env(), TF_GetCode(status.get()) == TF_OK);
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("Session", Session::Define(env));
  exports.Set("loadLibrary", Napi::Function::New(env, LoadLibrary));
  exports.Set("hasOperation", Napi::Function::New(env, HasOperation));
  exports.Set("version", TF_Version());
  return exports;
}

}  // namespace

NODE_API_MODULE(session, Init)
