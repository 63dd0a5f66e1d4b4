import { MemoryCircuitBreaker } from '../../../testing/memory-circuit-breaker.ts'
import { MemoryLogReader } from '../../../testing/memory-log-reader.ts'
import { conformsAsCircuitBreaker } from '../../conformance/circuit-breaker.ts'
import { conformsAsLogReader, LARGE_VALUES } from '../../conformance/log-reader.ts'
import { oddRecords } from '../../conformance/odd-log.ts'
import { logRecord } from '../../support/records.ts'

const breaker = new MemoryCircuitBreaker()
conformsAsCircuitBreaker('memory', () => breaker)

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
const large = LARGE_VALUES.map((value, offset) =>
  logRecord(offset, { key: null, value, headers: [] }, { topic: 'large', partition: 0 }),
)
const reader = new MemoryLogReader([...records, ...oddRecords('odd', 0), ...large], 3, 'id')
conformsAsLogReader('memory', () => ({
  reader,
  topic: 'log',
  partition: 1,
  oddTopic: 'odd',
  largeTopic: 'large',
}))
