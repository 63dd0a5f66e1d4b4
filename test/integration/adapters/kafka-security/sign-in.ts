import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { IAM, type SecuredKafka } from '@sluice/test-kit/secured-kafka'
import { ran } from '../../../unit/cli/terminal.ts'
import {
  CREDENTIALS,
  ca,
  type Environment,
  eventHubs,
  kafka,
  plain,
  scram,
  TOPIC,
  user,
  usual,
} from './broker.ts'

const EVENT = {
  specversion: '1.0',
  id: '1',
  source: '/test',
  type: 'test.signed-in',
  time: '2026-01-01T00:00:00Z',
}

let published = 0

/** Publishes an event with the command, and reads it back over the same listener. */
async function publishAndConsume(args: readonly string[], environment: Environment): Promise<void> {
  const id = `event-${published + 1}`
  const stdin = JSON.stringify({ ...EVENT, id })
  const one = await ran(['publish', '-', '--topic', TOPIC, ...args], { environment, stdin })
  assert.equal(one.status, 0, one.stderr)
  published += 1
  const count = ['-n', `${published}`]
  const all = await ran(['consume', '--topic', TOPIC, '--from', 'start', '--json', ...count, ...args], {
    environment,
  })
  assert.equal(all.status, 0, all.stderr)
  assert.match(all.stdout, new RegExp(`"${id}"`))
}

export function signsIn(): void {
  describe('signing in to a broker', () => {
    const ways: [how: string, broker: keyof SecuredKafka, auth: string, more: () => Environment][] = [
      ['TLS', 'tls', 'tls', () => ca],
      ['SCRAM-SHA-256 with TLS', 'sasl', 'scram-sha-256', () => ({ ...ca, ...user(scram) })],
      ['SCRAM-SHA-512 with TLS', 'sasl', 'scram-sha-512', () => ({ ...ca, ...user(scram) })],
      ['PLAIN with TLS', 'sasl', 'plain', () => ({ ...ca, ...user(plain) })],
      [
        'SCRAM in plain text',
        'saslInPlainText',
        'scram-sha-512',
        () => ({ KAFKA_TLS: 'off', ...user(scram) }),
      ],
      ['PLAIN in plain text', 'saslInPlainText', 'plain', () => ({ KAFKA_TLS: 'off', ...user(plain) })],
      [
        'a client certificate',
        'mutualTls',
        'tls',
        () => ({ ...ca, KAFKA_CERT_FILE: kafka.client.certFile, KAFKA_KEY_FILE: kafka.client.keyFile }),
      ],
    ]
    for (const [how, broker, auth, more] of ways)
      it(`given ${how}, then commands publish and read`, async () => {
        await publishAndConsume(['--brokers', String(kafka[broker]), '--auth', auth], more())
      })

    it('given a connection string of Event Hubs as it is, then commands publish and read', async () => {
      const given = ['--event-hubs-conn-str', eventHubs.password, '--brokers', kafka.sasl]
      // Variables that name another cluster do not count beside the option.
      await publishAndConsume(given, { ...ca, KAFKA_AUTH: 'none', MSK_CLUSTER_ARN: 'arn' })
    })

    it('given one for a single event hub, then that is the topic', async () => {
      const string = `${eventHubs.password};EntityPath=${TOPIC}`
      const one = [
        'publish',
        '-',
        '--dry-run',
        '--json',
        '--event-hubs-conn-str',
        '$MINE',
        '--brokers',
        kafka.sasl,
      ]
      const environment = { ...ca, MINE: string }
      const named = await ran(one, { environment, stdin: JSON.stringify(EVENT) })
      // The topic is known without asking, and the broker knows no such string.
      assert.match(named.stderr, /cannot be used: it does not accept the credentials/)
      assert.ok(!`${named.stderr}${named.stdout}`.includes('SharedAccessKey'))
      const other = ['publish', '-', '--event-hub-name', 'other', '--event-hubs-conn-str', eventHubs.password]
      const unknown = await ran([...other, '--brokers', kafka.sasl], {
        environment: ca,
        stdin: JSON.stringify(EVENT),
      })
      assert.match(unknown.stderr, /has no topic other/)
    })

    it('given a user, then every kind of command works with a whole environment', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'sluice-security-'))
      const file = join(folder, 'secured.jsonl')
      const copies = 'copies.secured'
      const commands: [command: string, expected: RegExp][] = [
        [`topics create ${copies} --partitions 1 --replication-factor 1`, /^Created topic: /],
        ['topics list', /copies\.secured/],
        [`topics describe ${TOPIC}`, /^Topic secured/],
        [`consume --topic ${TOPIC} --from start -n 1 --json`, /test\.signed-in/],
        [`replay ${file} --topic ${copies} --keep-partitions --speed max`, /^[1-9]\d* acknowledged, 0 not/],
      ]
      const access = ['--brokers', kafka.sasl, '--auth', 'scram-sha-512', '--username', scram.username]
      const environment = { ...ca, SLUICE_ENV: 'secured', KAFKA_PASSWORD: scram.password }
      try {
        for (const [command, expected] of commands) {
          const { status, stdout, stderr } = await ran([...command.split(' '), ...access], { environment })
          if (command.startsWith('consume')) await writeFile(file, stdout)
          assert.ok(status === 0 && expected.test(stdout), `${command}: ${stdout}${stderr}`)
        }
      } finally {
        await rm(folder, { recursive: true })
      }
    })

    describe('by IAM', () => {
      const iam = (more: Environment = {}) => {
        process.env = { ...usual, ...CREDENTIALS, ...more }
        return { ...ca, AWS_REGION: IAM.region }
      }

      it('given the credentials of the process, then commands publish and read', async () => {
        await publishAndConsume(['--brokers', kafka.sasl, '--auth', 'iam'], iam())
      })

      it('given another secret key or another region, then the broker refuses the token', async () => {
        const args = ['topics', 'list', '--brokers', kafka.sasl, '--auth', 'iam']
        const forged = await ran(args, { environment: iam({ AWS_SECRET_ACCESS_KEY: 'another' }) })
        assert.deepEqual([forged.status, forged.stdout], [1, ''])
        assert.match(
          forged.stderr,
          /cannot be used: it does not accept the credentials: .*invalid_token: signature/,
        )
        const elsewhere = await ran(args, { environment: { ...iam(), AWS_REGION: 'us-east-1' } })
        assert.match(
          elsewhere.stderr,
          /cannot be used: it does not accept the credentials: .*invalid_token: host/,
        )
      })
    })
  })
}
