import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { PROJECT } from '@sluice/test-kit/program'
import { chooseProfile, PROFILES } from '#runtime/settings'
import { simulate } from '../../../lib/telemetry/simulator/simulate.ts'
import { APPLICATION, FAMILIES, GENERATOR } from '../../support/families.ts'
import { ran } from './terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-generate-'))
after(() => rmSync(folder, { recursive: true }))
const listLines = (text: string) => text.trim().split('\n')
const file = (name: string) => readFileSync(join(folder, name), 'utf8')

const FROM = ['generate', '--no-kafka', '--from', '2026-01-01T00:00:00Z']

describe('the compression of sluice generate', () => {
  const usual = { isEventHubs: false, chosenCompression: undefined, compression: 'gzip' } as const
  const cases = [
    ['nothing chosen', undefined, usual, 'gzip'],
    ['a named profile', 'balanced', usual, PROFILES.balanced.compression],
    ['a profile and COMPRESSION', 'plain', { ...usual, chosenCompression: 'zstd' }, 'zstd'],
    ['a profile whose codec Event Hubs does not take', 'balanced', { ...usual, isEventHubs: true }, 'gzip'],
    ['a profile without compression at Event Hubs', 'plain', { ...usual, isEventHubs: true }, 'none'],
  ] as const
  for (const [what, profile, config, codec] of cases)
    it(`given ${what}, then it is ${codec}`, () => {
      const { profile: name, compression } = { profile: undefined, ...chooseProfile(profile, config) }
      assert.equal(compression ?? (name && PROFILES[name].compression), codec)
    })
})

describe('sluice generate', () => {
  it('given a span, then it writes the readings that the generator sends, with the same ids', async () => {
    const { status, stdout, stderr } = await ran([...FROM, '--duration', '2m', '--output', '-'], { folder })
    const tick = Date.UTC(2026, 0, 1) / 5000
    const expected = [...simulate(FAMILIES, GENERATOR, tick, tick + 24)].map(({ event }) => event)
    assert.equal(status, 0)
    assert.deepEqual(
      listLines(stdout).map(line => JSON.parse(line)),
      expected.map(event => JSON.parse(String(event))),
    )
    assert.match(
      stderr,
      /^Starting generator: 15 sensors, 5\.0s interval\nGenerated 360 readings in .*--seed sluice\)\n$/,
    )
  })

  it('given files, then the same options write the same bytes, and another seed writes others', async () => {
    const args = ['--duration', '10m', '--interval', '10', '--anomaly-rate', '1', '--json']
    for (const [name, seed] of [
      ['one', 'a'],
      ['two', 'a'],
      ['other', 'b'],
    ]) {
      const more = ['--output', `${name}.jsonl`, '--seed', String(seed)]
      const { status, stdout, stderr } = await ran([...FROM, ...args, ...more], { folder })
      assert.deepEqual([status, stderr], [0, 'Starting generator: 15 sensors, 10.0s interval\n'])
      const { readings } = JSON.parse(stdout)
      assert.equal(readings, 60 * GENERATOR.fleet.length)
      assert.equal(listLines(file(`${name}.jsonl`)).length, readings)
    }
    assert.equal(file('one.jsonl'), file('two.jsonl'))
    assert.notEqual(file('one.jsonl'), file('other.jsonl'))
  })

  const FULL = '/dev/full'
  const skip = !existsSync(FULL) && 'this system has no full device'
  const MUCH = ['generate', '--no-kafka', '--rate', 'max', '--count', '20000']
  for (const args of [
    [...FROM, '--duration', '5s', '--output', FULL, '--json'],
    [...MUCH, '--output', FULL],
  ])
    it(`given a full disk, then ${args.slice(2).join(' ')} fails with one message`, { skip }, async () => {
      const { status, stdout, stderr } = await ran(args, { folder })
      assert.match(stderr, /^Starting generator: 15 sensors, .*\n\/dev\/full: no space left on the device\n$/)
      assert.deepEqual([status, stdout], [1, ''])
    })

  for (const args of [
    ['--output', '-'],
    ['--output', 'd.jsonl', '--json'],
  ])
    it(`given a full disk behind standard output, then ${args.join(' ')} fails, too`, { skip }, () => {
      const full = openSync(FULL, 'w')
      const { status, stderr } = spawnSync(
        process.execPath,
        [join(PROJECT, 'cli/sluice.ts'), ...FROM, '--duration', '1m', ...args],
        { cwd: folder, stdio: ['ignore', full, 'pipe'], encoding: 'utf8' },
      )
      closeSync(full)
      assert.match(stderr, /^Starting .*\nstandard output: no space left on the device\n$/)
      assert.equal(status, 1)
    })

  const readEvents = async (...args: string[]) => {
    const { status, stdout, stderr } = await ran([...FROM, '--output', '-', ...args], { folder })
    assert.equal(status, 0, stderr)
    return stdout === '' ? [] : listLines(stdout).map(line => JSON.parse(line))
  }

  it('makes the fleet that the options describe', async () => {
    const fleet = ['--num-sensors', '3', '--sites', 'cairo,oslo', '--metrics', 'temp,humidity']
    const events = await readEvents(...fleet, '--count', '3')
    assert.deepEqual(
      events.map(({ subject, data: { location } }) => [subject, location.site]),
      [
        ['ws_cairo_001', 'cairo'],
        ['ws_oslo_001', 'oslo'],
        ['ws_cairo_002', 'cairo'],
      ],
    )
    for (const { data } of events) {
      assert.deepEqual(Object.keys(data).slice(-2), ['temperature', 'humidity'])
      assert.equal(APPLICATION.readData({ ...events[0], data }).kind, 'data')
    }
  })
})
