import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { readSettings } from '#runtime/settings'
import type { Named } from '../../../lib/app/naming/names.ts'
import { NAMES } from '../../../lib/app/settings/names.ts'
import { keepTopicNames } from '../../../localstack/local-topics.ts'
import { keepTimeZone } from '../../../localstack/own-stack.ts'

/** Returns an environment with the names that settings give it. */
const named = (env: string, environment: Record<string, string> = {}): Named => ({
  env,
  names: readSettings([NAMES], environment).names,
})
const LOCAL = named('local')

describe('given data that was made with names of topics, when a stack starts with it', () => {
  let dir: string
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'sluice-names-'))
    keepTopicNames(dir, LOCAL)
  })
  afterEach(() => rmSync(dir, { recursive: true, force: true }))

  it('then the same names are right, and those of another environment, too', () => {
    keepTopicNames(dir, LOCAL)
    keepTopicNames(dir, named('other'))
    const kept = JSON.parse(readFileSync(join(dir, 'topic-names.json'), 'utf8'))
    assert.deepEqual(Object.keys(kept), ['local', 'other'])
    assert.equal(kept.other.dlq, 'sluice.telemetry.dlq.other')
  })

  it('then another name is refused with what it was and what to do, until the data is empty', () => {
    const renamed = named('local', { KAFKA_TOPIC: 'gds.metrics' })
    for (const time of ['first', 'second'])
      assert.throws(
        () => keepTopicNames(dir, renamed),
        /other topic names:\n {2}readings: sluice\.telemetry\.readings\.local → gds\.metrics\n.*--name.*--fresh/,
        time,
      )
    keepTopicNames(dir, renamed, true)
    keepTopicNames(dir, renamed)
  })

  it('then a file that is damaged is named', () => {
    writeFileSync(join(dir, 'topic-names.json'), '{')
    assert.throws(() => keepTopicNames(dir, LOCAL), /topic-names\.json cannot be read: .*Delete it/)
  })

  it('then its zone is that of the first start, and another one is refused with both', () => {
    const cairo = { TIME_ZONE: 'Africa/Cairo' }
    assert.throws(
      () => keepTimeZone(dir, cairo),
      /were read in UTC, but TIME_ZONE is Africa\/Cairo\..*--fresh/,
    )
    assert.equal(keepTimeZone(dir, cairo, true), 'Africa/Cairo')
    for (const same of [{}, cairo]) assert.equal(keepTimeZone(dir, same), 'Africa/Cairo')
    assert.throws(() => keepTimeZone(dir, { TZ: 'x' }), /were read in Africa\/Cairo, but TZ is /)
    assert.throws(() => keepTimeZone(dir, { TIME_ZONE: 'Mars' }), /must be UTC, an offset/)
  })
})
