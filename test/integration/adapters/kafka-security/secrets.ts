import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { rejection } from '@sluice/test-kit/rejection'
import { awsEndpoint } from '@sluice/test-kit/servers'
import { KafkaClients } from '#runtime/functions/kafka'
import { RefusedByKafka } from '#runtime/operating/servers'
import { Unavailable } from '#runtime/pipeline'
import { KAFKA, readSettings } from '#runtime/settings'
import { kafka, scram, TOPIC, usual } from './broker.ts'

export function readsSecrets(): void {
  describe('credentials from Secrets Manager', () => {
    const name = `sluice/test/${process.pid}-${Date.now()}`
    const connected = async (auth: string, broker: string, secret: string) => {
      const variables = {
        KAFKA_BROKERS: broker,
        KAFKA_AUTH: auth,
        KAFKA_SECRET: secret,
        KAFKA_CA_SECRET: `${name}-ca`,
      }
      const connections = new KafkaClients(readSettings([KAFKA], variables), 'test')
      try {
        const publisher = await connections.publisher()
        return await publisher.countPartitions(TOPIC)
      } finally {
        await connections.close()
      }
    }

    before(async () => {
      const credentials = {
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        AWS_REGION: 'us-east-1',
      }
      process.env = { ...usual, ...credentials, AWS_ENDPOINT_URL: awsEndpoint() }
      const client = new SecretsManagerClient({})
      const { client: own, certificates } = kafka
      const secrets = {
        scram,
        wrong: { ...scram, password: 'wrong-pw' },
        certificate: { certificate: own.cert, privateKey: own.key },
        ca: { certificate: certificates.ca },
      }
      for (const [kind, content] of Object.entries(secrets)) {
        const SecretString = JSON.stringify(content)
        await client.send(new CreateSecretCommand({ Name: `${name}-${kind}`, SecretString }))
      }
      client.destroy()
    })

    it('given user and password, then a function connects', async () => {
      assert.equal(await connected('scram-sha-512', kafka.sasl, `${name}-scram`), 1)
    })

    it('given a client certificate, then a function connects', async () => {
      assert.equal(await connected('tls', kafka.mutualTls, `${name}-certificate`), 1)
    })

    it('given a wrong password, then a function is refused, and the message contains no secret', async () => {
      const error = await rejection(connected('scram-sha-512', kafka.sasl, `${name}-wrong`))
      assert.ok(error instanceof RefusedByKafka, String(error))
      assert.doesNotMatch(error.message, /wrong-pw/)
    })

    it('given no such secret, or one of another form, then it is named', async () => {
      const missing = await rejection(connected('plain', kafka.sasl, `${name}-none`))
      assert.match(missing.message, new RegExp(`KAFKA_SECRET: secret ${name}-none cannot be read: `))
      const other = await rejection(connected('tls', kafka.mutualTls, `${name}-scram`))
      assert.match(
        other.message,
        new RegExp(`KAFKA_SECRET: secret ${name}-scram has no string field "certificate"`),
      )
      assert.doesNotMatch(other.message, /scram-pw/)
    })

    it('given an authority that is not trusted, then records wait: Kafka is unavailable', async () => {
      const variables = { KAFKA_BROKERS: kafka.tls, KAFKA_AUTH: 'tls' }
      const connections = new KafkaClients(readSettings([KAFKA], variables), 'test')
      const publisher = await connections.publisher()
      const error = await rejection(publisher.countPartitions(TOPIC))
      await connections.close()
      assert.ok(error instanceof Unavailable, String(error))
    })
  })
}
