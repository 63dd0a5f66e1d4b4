import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Command } from 'commander'
import { withOptionNames } from '../../../cli/option-names.ts'
import { ran } from './terminal.ts'

describe('given options that do not fit', () => {
  const topics = ['topics', 'list', '--brokers', '127.0.0.1:1']
  const cases: [args: string[], said: RegExp][] = [
    [
      [...topics, '--auth', 'plain'],
      /KAFKA_USERNAME \(--username\): must be set for KAFKA_AUTH=plain \(--auth\), unless KAFKA_SECRET \(--secret\) names/,
    ],
    [
      [...topics, '--auth', 'tls', '--ca-file', 'nope.pem'],
      /- KAFKA_CA_FILE \(--ca-file\): \S*nope\.pem cannot/,
    ],
    [
      ['replay', 'events/streams/heatwave.jsonl', '--serialization', 'avro,enviroment=json'],
      /SERIALIZATION \(--serialization\) names enviroment,/,
    ],
  ]
  for (const [args, said] of cases)
    it(`when ${args.slice(-2).join(' ')} is given, then the message names option and variable`, async () => {
      const { status, stderr } = await ran(args)
      assert.equal(status, 2, stderr)
      assert.match(stderr, said)
    })
})

describe('given a message that names variables', () => {
  const command = new Command().option('--auth <how>')

  it('when the command has no such option, or it stands there already, then the message stays', () => {
    for (const message of [
      'KAFKA_PASSWORD: must be set',
      'KAFKA_CA_FILE: must be a file',
      'see KAFKA_AUTH (--auth)',
      'MY_KAFKA_AUTH and KAFKA_AUTHORITY are others',
    ])
      assert.equal(withOptionNames(message, command), message)
    assert.equal(withOptionNames('KAFKA_AUTH: x', undefined), 'KAFKA_AUTH: x')
  })
})
