import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readServicesOptions, readStartOptions, readUsage } from '../../../localstack/command-options.ts'

for (const [command, read, program] of [
  ['npm start', readStartOptions, 'start'],
  ['npm run services', readServicesOptions, 'services-command'],
] as const)
  describe(`the options of \`${command}\``, () => {
    it('given nothing, then one stack with the usual servers is started', () => {
      const { fresh, registry, name } = read([]) ?? assert.fail()
      assert.deepEqual([fresh, registry, name], [false, false, 'local'])
    })

    it('given --help, then nothing is started, and each option has a line', () => {
      assert.equal(read(['--help']), undefined)
      for (const option of ['fresh', 'name', 'registry', 'help'])
        assert.match(readUsage(program), new RegExp(`^  --${option} `, 'm'))
    })

    // Promise docs/removed.md#what-is-gone | An error message says so for a setting, an option, a command or a key that is gone.
    it('given --docker, which is gone, then the message says what to do now', () => {
      assert.throws(() => read(['--docker']), /docker compose up -d kafka.*KAFKA_BROKERS=127\.0\.0\.1:9092/)
      assert.throws(
        () => read([], { SLUICE_DOCKER: '1' }),
        /SLUICE_DOCKER: is no longer a setting: .*up -d kafka/,
      )
    })

    it('given a name, then that of the option counts more than that of the variable', () => {
      assert.equal(read(['--name', 'lab'], { SLUICE_STACK: 'other' })?.name, 'lab')
      assert.equal(read([], { SLUICE_STACK: 'other' })?.name, 'other')
      assert.equal(read([], { SLUICE_STACK: '' })?.name, 'local')
    })

    for (const name of ['Lab', '../lab', 'a'.repeat(21)])
      it(`given the name "${name}", then the message names where it stands, and what it may have`, () => {
        const allowed = '1 to 20 lower-case letters, digits and "-"'
        assert.throws(() => read([`--name=${name}`]), {
          message: `error: option '--name <name>': "${name}" is invalid. It must be ${allowed}.\nTry it with ${command} -- --help.`,
        })
        assert.throws(() => read([], { SLUICE_STACK: name }), {
          message: `the environment has 1 error:\n  - SLUICE_STACK: must be ${allowed}`,
        })
      })
  })

it('given --no-generator, then no readings are simulated', () => {
  assert.deepEqual(
    [[], ['--no-generator']].map(args => readStartOptions(args)?.generator),
    [true, false],
  )
  assert.match(readUsage('start'), /^ {2}--no-generator$/m)
})

it('given --no-watch, then edits wait for the next start of the functions', () => {
  assert.equal(readStartOptions([])?.watch, true)
  assert.equal(readStartOptions(['--no-watch'])?.watch, false)
})
