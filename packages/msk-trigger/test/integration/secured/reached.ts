import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { clusterOf } from '../../../config/event-cluster.ts'
import { Cluster } from '../../../poll/cluster.ts'
import { clientOf, clientWith, FAILED, kafka, secrets, TOPIC } from './broker.ts'
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

    it('with the secrets of a kafka event', async () => {
      const accessConfigurations = {
        saslScram512Auth: [secrets.scram],
        serverRootCaCertificate: [secrets.ca],
      }
      const kafkaEvent = { functionKey: 'f', kind: 'kafka', event: { accessConfigurations } } as const
      const known = { brokers: [], clusters: {} }
      const cluster = clusterOf(kafkaEvent, { bootstrapServers: [kafka.sasl] }, known)
      assert.ok(cluster)
      const { client, ready } = clientOf(cluster)
      assert.equal(await new Cluster(client, ready).hasTopic(TOPIC), true)
    })
  })
}
