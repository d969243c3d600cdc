import protobuf from 'protobufjs'

/** The fields that Temper uses of TensorFlow's messages, with TensorFlow's numbers. */
const source = `
syntax = "proto3";

message TensorShape { message Dim { int64 size = 1; } repeated Dim dim = 2; }
message Tensor { int32 dtype = 1; TensorShape tensor_shape = 2; bytes tensor_content = 4; }
message AttrValue {
  oneof value { bytes s = 2; int64 i = 3; float f = 4; bool b = 5; int32 type = 6; TensorShape shape = 7; Tensor tensor = 8; }
}
message NodeDef { string name = 1; string op = 2; repeated string input = 3; map<string, AttrValue> attr = 5; }
message Versions { int32 producer = 1; }
message GraphDef { repeated NodeDef node = 1; Versions versions = 4; }

message RewriterConfig { int32 layout_optimizer = 1; int32 memory_optimization = 4; int32 loop_optimization = 9; int32 meta_optimizer_iterations = 12; }
message GraphOptions { RewriterConfig rewrite_options = 10; }
message ConfigProto {
  int32 intra_op_parallelism_threads = 2;
  int32 inter_op_parallelism_threads = 5;
  bool use_per_session_threads = 9;
  GraphOptions graph_options = 10;
}

message RunOptions { int32 trace_level = 1; int32 inter_op_thread_pool = 3; }
message NodeExecStats {
  string node_name = 1; int64 all_start_micros = 2; string timeline_label = 8;
  int64 all_start_nanos = 13; int64 op_start_rel_nanos = 14; int64 op_end_rel_nanos = 15; int64 all_end_rel_nanos = 16;
}
message DeviceStepStats { string device = 1; repeated NodeExecStats node_stats = 2; }
message StepStats { repeated DeviceStepStats dev_stats = 1; }
message RunMetadata { StepStats step_stats = 1; }
`

export interface ShapeMessage {
  dim: { size: number }[]
}

export interface TensorMessage {
  dtype: number
  tensorShape: ShapeMessage
  tensorContent: Uint8Array
}

/** Exactly one field is set. */
export interface AttrMessage {
  s?: Uint8Array
  i?: number
  f?: number
  b?: boolean
  type?: number
  shape?: ShapeMessage
  tensor?: TensorMessage
}

export interface NodeMessage {
  name: string
  op: string
  input: string[]
  attr: Record<string, AttrMessage>
}

export interface NodeExecStats {
  nodeName: string
  timelineLabel: string
  opStartRelNanos: number
  opEndRelNanos: number
}

let parsed: protobuf.Root | undefined

function messageType(name: string): protobuf.Type {
  parsed ??= protobuf.parse(source).root
  return parsed.lookupType(name)
}

/** `producer` is the version of GraphDef that node definitions follow; TensorFlow 2.21 reads this one. */
export function encodeGraph(node: NodeMessage[]): Uint8Array {
  return messageType('GraphDef')
    .encode({ node, versions: { producer: 1987 } })
    .finish()
}

/** `options` uses the camel-case names of the fields above. */
export function encodeMessage(name: 'ConfigProto' | 'RunOptions', options: Record<string, unknown>): Uint8Array {
  return messageType(name).encode(messageType(name).fromObject(options)).finish()
}

/** Every node execution of one traced run. */
export function decodeStepStats(metadata: Uint8Array): NodeExecStats[] {
  const type = messageType('RunMetadata')
  const plain = type.toObject(type.decode(metadata), { longs: Number, defaults: true })
  const devices: { nodeStats: NodeExecStats[] }[] = plain.stepStats?.devStats ?? []
  return devices.flatMap((device) => device.nodeStats)
}
