import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { KAFKA_VERSION } from '../../../localstack/services/kafka.ts'
import { PROJECT } from '../../support/program.ts'

const CLIENTS = join(PROJECT, 'examples', 'clients')
const read = (...path: string[]) => readFileSync(join(...path), 'utf8')
const PAGE = read(PROJECT, 'docs', 'clients.md')
const PINNED = read(CLIENTS, 'python', 'requirements.txt')
const POM = read(CLIENTS, 'java', 'pom.xml')
const { dependencies, scripts } = JSON.parse(read(CLIENTS, 'kafkajs', 'package.json'))

/** The version of a package in the lock file. */
function pinned(name: string): string {
  const [, version = ''] = new RegExp(`^${name}==(\\S+) `, 'm').exec(PINNED) ?? []
  return version
}

describe('docs/clients.md', () => {
  it('given the versions that it names, then the examples have the same', () => {
    const [, kafka = ''] = /<artifactId>kafka-clients<\/artifactId>\s*<version>(\S+)</.exec(POM) ?? []
    const [, sdk = ''] = /<cloudevents.version>(\S+)</.exec(POM) ?? []
    const named = {
      'kafka-python ': pinned('kafka-python'),
      'confluent-kafka ': pinned('confluent-kafka'),
      'kafkajs ': dependencies.kafkajs,
      'Java ': kafka,
      '`cloudevents` 2': pinned('cloudevents').replace(/^2/, ''),
      '**JavaScript** (`cloudevents` ': dependencies.cloudevents,
      '`cloudevents-kafka` ': sdk,
    }
    for (const [before, version] of Object.entries(named)) {
      assert.notEqual(version, '', before)
      assert.ok(
        PAGE.replaceAll('\n', ' ').includes(before + version),
        `the page does not have ${before}${version}`,
      )
    }
  })

  it('given what the examples pin, then the tests run those versions', () => {
    const { dependencies: own, devDependencies } = JSON.parse(read(PROJECT, 'package.json'))
    assert.deepEqual(dependencies, { cloudevents: devDependencies.cloudevents, kafkajs: own.kafkajs })
    assert.ok(POM.includes(`<version>${KAFKA_VERSION}</version>`))
    for (const line of read(CLIENTS, 'python', 'requirements.in').matchAll(/^(\S+)==(\S+)$/gm))
      assert.equal(pinned(line[1] ?? ''), line[2], line[0])
  })

  it('given its commands, then each starts a program that is there', () => {
    const commands = [...PAGE.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, lines = '']) =>
      lines.trim().split('\n'),
    )
    const starts = commands.flatMap(command => {
      const [, script] = / (\w+\.py)\b/.exec(command) ?? []
      const [, program] = /^npm run (\w+)/.exec(command) ?? []
      const [, main] = /com\.example\.telemetry\.(\w+)/.exec(command) ?? []
      if (script) assert.ok(existsSync(join(CLIENTS, 'python', script)), command)
      if (program) assert.ok(Object.hasOwn(scripts, program), command)
      if (main)
        assert.ok(existsSync(join(CLIENTS, 'java/src/main/java/com/example/telemetry', `${main}.java`)))
      return script ?? program ?? main ?? []
    })
    assert.equal(starts.length, 7)
  })
})
