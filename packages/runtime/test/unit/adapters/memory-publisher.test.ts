import { MemoryPublisher } from '../../../testing/memory-publisher.ts'
import { conformsAsPublisher } from '../../conformance/publisher.ts'

conformsAsPublisher('memory', async () => {
  const publisher = new MemoryPublisher(
    () => 2 * 2 ** 20,
    () => 1,
  )
  const read = async () =>
    publisher.publishedRecords.map(({ key, value, headers }) => ({ key, value, headers }))
  return { publisher, topic: 'topic', read }
})
