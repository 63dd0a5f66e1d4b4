import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type MskEmulator, startMsk } from '../../../support/msk.ts'
import { ran } from '../../../unit/cli/terminal.ts'
import { CREDENTIALS, ca, kafka, scram, user, usual } from './broker.ts'

export function findsClusters(): void {
  describe('a cluster on MSK, found by its ARN', () => {
    const arn = 'arn:aws:kafka:eu-central-1:123456789012:cluster/c/751d2973-a626-431c-9d4e-d7975eb44dd7-2'
    let msk: MskEmulator
    before(async () => {
      msk = await startMsk({
        [arn]: {
          bootstrapBrokerString: kafka.plainText,
          bootstrapBrokerStringTls: kafka.tls,
          bootstrapBrokerStringPublicSaslScram: kafka.sasl,
          bootstrapBrokerStringSaslIam: kafka.sasl,
        },
      })
      process.env = { ...usual, ...CREDENTIALS, AWS_ENDPOINT_URL_KAFKA: msk.endpoint }
    })
    after(() => {
      msk.stop()
      process.env = usual
    })

    for (const args of ['--auth none', '--auth tls', '--auth scram-sha-512 --msk-connectivity public', ''])
      it(`given ${args || 'nothing else'}, then that listener is used`, async () => {
        const command = ['topics', 'list', '--cluster-arn', arn, ...args.split(' ').filter(Boolean)]
        const { status, stdout, stderr } = await ran(command, { environment: { ...ca, ...user(scram) } })
        assert.equal(status, 0, stderr)
        assert.match(stdout, /secured/)
      })
  })
}
