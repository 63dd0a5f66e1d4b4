import { MemoryFloodGate } from '../../../lib/adapters/memory/flood-gate.ts'
import { MemoryLogReader } from '../../../lib/adapters/memory/log-reader.ts'
import { conformsAsFloodGate } from '../../conformance/flood-gate.ts'
import { conformsAsLogReader } from '../../conformance/log-reader.ts'
import { logRecord } from '../../support/records.ts'

const gate = new MemoryFloodGate()
conformsAsFloodGate('memory', () => gate)

const records = Array.from({ length: 10 }, (_, offset) =>
  logRecord(
    offset,
    {
      key: Buffer.from(`${offset}`),
      value: Buffer.from(`value ${offset}`),
      headers: [['name', Buffer.from(`header ${offset}`)]],
    },
    { topic: 'log', partition: 1 },
  ),
)
const reader = new MemoryLogReader(records, 2)
conformsAsLogReader('memory', () => ({ reader, topic: 'log', partition: 1 }))
