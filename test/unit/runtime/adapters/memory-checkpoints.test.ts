import { MemoryStateStore } from '../../../../packages/runtime/adapters/memory/state-store.ts'
import { MemoryCheckpointStore } from '../../../../packages/runtime/testing/checkpoint-store.ts'
import { conformsAsCheckpointStore } from '../../../conformance/checkpoint-store.ts'
import { conformsAsPartitionStates } from '../../../conformance/partition-states.ts'

const checkpoints = new MemoryCheckpointStore()
conformsAsCheckpointStore(
  'memory',
  () => checkpoints,
  (state, kept) => checkpoints.damage(state, kept),
)

const store = new MemoryStateStore()
conformsAsPartitionStates(
  'memory',
  () => store,
  () => store,
)
