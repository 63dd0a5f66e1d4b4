import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rejection } from '../../../../../test/support/rejection.ts'
import type { SecuredKafka } from '../../../../../test/support/secured-kafka.ts'
import { accessProblem } from '../../../access/problem.ts'
import { isUnreachable } from '../../../report/explain.ts'
import { ca, clientWith, kafka, plain, scram, secrets } from './broker.ts'

export function saysWhatIsWrong(): void {
  describe('says in one sentence what is wrong', () => {
    const wrong = { ...scram, password: 'wrong-pw' }
    const cases: [what: string, listener: keyof SecuredKafka, security: () => object, says: RegExp][] = [
      [
        'a wrong password for SCRAM',
        'sasl',
        () => ({ ssl: ca(), sasl: { mechanism: 'scram-sha-512', ...wrong } }),
        /does not accept the credentials of custom\.mskTrigger\.sasl: .*invalid credentials/,
      ],
      [
        'a wrong password for PLAIN',
        'sasl',
        () => ({ ssl: ca(), sasl: { mechanism: 'plain', ...wrong } }),
        /does not accept the credentials of custom\.mskTrigger\.sasl: Invalid username or password/,
      ],
      [
        'a wrong password in a secret',
        'sasl',
        () => ({ ssl: ca(), sasl: { mechanism: 'scram-sha-256', secret: secrets.wrong } }),
        /does not accept the credentials of custom\.mskTrigger\.sasl/,
      ],
      [
        'a token that the broker does not know',
        'sasl',
        () => ({ ssl: ca(), sasl: { mechanism: 'oauthbearer', token: 'c2VjcmV0LXB3' } }),
        /does not accept the credentials of custom\.mskTrigger\.sasl: /,
      ],
      [
        'an unknown authority',
        'tls',
        () => ({ ssl: true }),
        /certificate of localhost:\d+ is from an unknown authority: custom\.mskTrigger\.ssl\.ca must name/,
      ],
      [
        'TLS where the listener is in plain text',
        'plainText',
        () => ({ ssl: ca() }),
        /localhost:\d+ does not answer with TLS: if its listener is in plain text, custom\.mskTrigger\.ssl must not/,
      ],
      [
        'plain text where the listener has TLS',
        'tls',
        () => ({}),
        /localhost:\d+ expects TLS, .*: set custom\.mskTrigger\.ssl$/,
      ],
      [
        'no client certificate where one is required',
        'mutualTls',
        () => ({ ssl: ca() }),
        /localhost:\d+ requires a client certificate: set custom\.mskTrigger\.ssl\.cert and key/,
      ],
      [
        'a mechanism that the listener does not offer',
        'saslInPlainText',
        () => ({ sasl: { mechanism: 'scram-sha-256', ...scram } }),
        /does not support this mechanism: set another custom\.mskTrigger\.sasl\.mechanism/,
      ],
      [
        'a user where the listener takes none',
        'tls',
        () => ({ ssl: ca(), sasl: { mechanism: 'plain', ...plain } }),
        /does not accept credentials: remove custom\.mskTrigger\.sasl/,
      ],
      [
        'no such secret',
        'sasl',
        () => ({ ssl: ca(), sasl: { mechanism: 'plain', secret: 'trigger/none' } }),
        /^custom\.mskTrigger\.sasl: secret trigger\/none cannot be read: /,
      ],
      [
        'a secret of another form',
        'sasl',
        () => ({ ssl: ca(), sasl: { mechanism: 'plain', secret: secrets.ca } }),
        /^custom\.mskTrigger\.sasl: secret arn:\S+ has no string field "username"$/,
      ],
    ]
    for (const [what, listener, security, says] of cases)
      it(`given ${what}`, async () => {
        const { client, ready } = clientWith(security(), listener)
        const admin = client.admin()
        const error = await rejection(ready().then(() => admin.connect().then(() => admin.listTopics())))
        await admin.disconnect()
        const problem = accessProblem(error) ?? `something else: ${error}`
        assert.match(problem, says)
        assert.doesNotMatch(problem, /wrong-pw|plain-pw|scram-pw|c2VjcmV0|BEGIN/)
        assert.equal(isUnreachable(error), false)
      })

    it("given an address that is not the certificate's, then the error has the names", async () => {
      const settings = { ssl: ca(), brokers: kafka.tls.replace('localhost', '127.0.0.1') }
      const { client, ready } = clientWith(settings, 'tls')
      const admin = client.admin()
      const error = await rejection(ready().then(() => admin.connect()))
      assert.match(
        accessProblem(error) ?? '',
        /certificate of 127\.0\.0\.1:\d+ is for other host names: DNS:localhost$/,
      )
      const named = clientWith({ ...settings, ssl: { ...ca(), servername: 'localhost' } }, 'tls')
      await named.ready()
      const other = named.client.admin()
      await other.connect()
      await other.disconnect()
    })
  })
}
