/** Converts records that Lambda has discarded, as reported in an SQS queue, to failure records. */
import { objectReader } from '../../lib/app/discarded-objects.ts'
import { queueConsumer } from '../../lib/app/queue-consumer.ts'
import { toFunctionName } from '../../lib/app/resource-names.ts'
import { takeMessages } from '../../lib/failures/on-failure/messages.ts'

export const handler = queueConsumer(
  'on-failure',
  ({ config: { env, names, contentMode }, connections, logError }) => {
    const readObject = objectReader(connections)
    return async messages =>
      takeMessages(messages, {
        publisher: await connections.publisher(),
        topic: names.topicName('failures', env),
        contentMode,
        resolveConsumer: name => toFunctionName(name, env),
        readObject,
        logError,
      })
  },
)
