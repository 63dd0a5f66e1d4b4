import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Cluster } from '../../../poll/cluster.ts'
import { clientWith, FAILED, TOPIC } from './broker.ts'
import { closeTokenEndpoint, useIamCredentials, WAYS } from './ways.ts'

export function isReached(): void {
  describe('can be read and written', () => {
    before(useIamCredentials)
    after(closeTokenEndpoint)
    for (const { how, listener, security } of WAYS)
      it(how, async () => {
        const { client, ready } = clientWith(await security(), listener)
        assert.equal(await new Cluster(client, ready).hasTopic(TOPIC), true)
        // The producer of a destination has the same option.
        const producer = client.producer({ allowAutoTopicCreation: false })
        await producer.connect()
        const [sent] = await producer.send({ topic: FAILED, messages: [{ value: how }], acks: -1 })
        await producer.disconnect()
        assert.equal(sent?.errorCode, 0)
      })
  })
}
