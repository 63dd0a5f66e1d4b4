import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { makeCertificates } from '@sluice/test-kit/certificates'
import { PROJECT } from '@sluice/test-kit/program'
import type { SecuredKafka } from '@sluice/test-kit/secured-kafka'
import type { Finding } from '../../../../control/diagnosis/finding.ts'
import { ran } from '../../../unit/cli/terminal.ts'
import { ca, type Environment, kafka, plain, scram, user } from './broker.ts'

const NO_FILE =
  'the environment has 1 error:\n  - KAFKA_CA_FILE (--ca-file): /nowhere.pem cannot be read: ENOENT\n'

export function saysWhatIsWrong(): void {
  describe('settings that do not fit the broker', { concurrency: 4 }, () => {
    const wrongUser = { KAFKA_USERNAME: scram.username, KAFKA_PASSWORD: 'wrong-pw' }
    const cases: [
      what: string,
      broker: keyof SecuredKafka,
      auth: string,
      more: () => Environment,
      says: RegExp,
    ][] = [
      [
        'a wrong password for SCRAM',
        'sasl',
        'scram-sha-512',
        () => ({ ...ca, ...wrongUser }),
        /it does not accept the credentials: .*invalid credentials with SASL mechanism SCRAM-SHA-512/,
      ],
      [
        'a wrong password for PLAIN',
        'sasl',
        'plain',
        () => ({ ...ca, ...wrongUser }),
        /it does not accept the credentials: Invalid username or password/,
      ],
      [
        'an unknown authority',
        'tls',
        'tls',
        () => ({}),
        /the certificate of localhost:\d+ is from an unknown authority: KAFKA_CA_FILE/,
      ],
      [
        'TLS where the listener is in plain text',
        'plainText',
        'tls',
        () => ca,
        /localhost:\d+ does not answer with TLS: .*KAFKA_AUTH \(--auth\) must be none/,
      ],
      [
        'plain text where the listener has TLS',
        'tls',
        'none',
        () => ({}),
        /localhost:\d+ expects TLS, but the connection is not encrypted/,
      ],
      [
        'a password in plain text where the listener has TLS',
        'sasl',
        'plain',
        () => ({ ...user(plain), KAFKA_TLS: 'off' }),
        /localhost:\d+ expects TLS/,
      ],
      [
        'no client certificate where one is required',
        'mutualTls',
        'tls',
        () => ca,
        /localhost:\d+ requires a client certificate: name it with KAFKA_CERT_FILE/,
      ],
      [
        'no credentials where the listener wants them',
        'sasl',
        'tls',
        () => ca,
        /it closed the connection: its listener may require authentication/,
      ],
      [
        'a user where the listener takes none',
        'tls',
        'plain',
        () => ({ ...ca, ...user(plain) }),
        /its listener does not accept credentials: set KAFKA_AUTH \(--auth\) to tls or none/,
      ],
      [
        'a mechanism that the listener does not offer',
        'saslInPlainText',
        'scram-sha-256',
        () => ({ ...user(scram), KAFKA_TLS: 'off' }),
        /its listener does not support this authentication method/,
      ],
      [
        'a broker that names an address which cannot be reached',
        'elsewhere',
        'none',
        () => ({}),
        /the broker at localhost:\d+ names kafka\.invalid:\d+ as its address, .*ENOTFOUND.*: set its advertised\.listeners/,
      ],
    ]
    for (const [what, broker, auth, more, says] of cases)
      it(`given ${what}, then one sentence says so`, async () => {
        const args = ['topics', 'list', '--brokers', String(kafka[broker]), '--auth', auth]
        const { status, stdout, stderr } = await ran(args, { environment: more() })
        assert.deepEqual([status, stdout], [1, ''])
        assert.match(stderr, /^Kafka at localhost:\d+ cannot be used: [^\n]+\n$/)
        assert.match(stderr, says)
        assert.doesNotMatch(stderr, /wrong-pw|plain-pw/)
      })

    it("given an address that is not the certificate's, then the error has the names", async () => {
      const broker = kafka.tls.replace('localhost', '127.0.0.1')
      const { status, stderr } = await ran(['topics', 'list', '--brokers', broker, '--auth', 'tls'], {
        environment: ca,
      })
      assert.equal(status, 1)
      assert.match(stderr, /the certificate of 127\.0\.0\.1:\d+ is for other host names: DNS:localhost$/m)
    })

    it('given a certificate of another authority, then the broker does not accept it', async () => {
      const others = await makeCertificates()
      const { certFile, keyFile } = await others.client('a stranger')
      const stranger = { ...ca, KAFKA_CERT_FILE: certFile, KAFKA_KEY_FILE: keyFile }
      const args = ['topics', 'list', '--brokers', kafka.mutualTls, '--auth', 'tls']
      const { status, stderr } = await ran(args, { environment: stranger })
      await others.remove()
      assert.equal(status, 1)
      assert.match(stderr, /localhost:\d+ does not accept the client certificate$/m)
    })

    const periods: [given: string, from: string, to: string, says: string][] = [
      ['has ended', '20240101', '20250101', 'ended on 2025-01-01T00:00:00.000Z: renew it'],
      ['begins later', '20480101', '20490101', 'is not valid before 2048-01-01T00:00:00.000Z'],
    ]
    for (const [given, from, to, says] of periods)
      it(`given a client certificate that ${given}, then that is the reason, and the doctor finds it`, async () => {
        const { certFile, keyFile } = await kafka.certificates.client('early or late', [from, to])
        const files = { KAFKA_CERT_FILE: certFile, KAFKA_KEY_FILE: keyFile }
        const own = { ...ca, ...files, REDIS_URL: 'redis://127.0.0.1:1' }
        const args = ['--brokers', kafka.mutualTls, '--auth', 'tls']
        const { stderr } = await ran(['topics', 'list', ...args], { environment: own })
        assert.match(stderr, /localhost:\d+ does not accept the client certificate, which /)
        assert.ok(stderr.includes(says), stderr)
        const { stdout } = await ran(['doctor', '--json', ...args], { environment: own })
        const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] }
        const found = findings.filter(({ check }) => check === 'certificate')
        const verdicts = found.map(({ subject, verdict }) => [subject, verdict])
        assert.deepEqual(
          verdicts,
          ['client', kafka.mutualTls].map(subject => [subject, 'wrong']),
        )
        assert.match(found[1]?.says ?? '', /^the certificate ends in 1 day, on /)
      })

    it('given a file that is not there or holds no certificate, then it is named', async () => {
      const args = ['topics', 'list', '--brokers', kafka.tls, '--auth', 'tls', '--ca-file']
      const missing = await ran([...args, 'nowhere.pem'], { folder: '/' })
      assert.deepEqual([missing.status, missing.stderr], [2, NO_FILE])
      const wrong = await ran([...args, join(PROJECT, 'package.json')])
      assert.match(wrong.stderr, /KAFKA_CA_FILE \(--ca-file\): .*package.json is not in PEM form/)
      const { keyFile } = kafka.client
      const key = await ran([...args, keyFile])
      assert.equal(key.status, 2)
      assert.ok(
        key.stderr.includes(`${keyFile} must contain a certificate, but contains: PRIVATE KEY`),
        key.stderr,
      )
    })

    it('given a certificate on one line, then it is read', async () => {
      const { caFile, ca: text } = kafka.certificates
      const file = `${caFile}.escaped`
      await writeFile(file, text.replaceAll('\n', '\\n'))
      const { status } = await ran([
        'topics',
        'list',
        '--brokers',
        kafka.tls,
        '--auth',
        'tls',
        '--ca-file',
        file,
      ])
      assert.equal(status, 0)
    })
  })
}
