import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ReadingOutage, type ReadingOutageParts } from '../../poll/reading-outage.ts'
import { Outage } from '../../report/attempts.ts'
import { recordedReports } from './support.ts'

function given(part: Partial<ReadingOutageParts> = {}) {
  const log: string[] = []
  const note = (line: string) => log.push(line)
  const outage = new ReadingOutage({
    name: 'f',
    mapping: { topic: 't', groupId: 'g' },
    settings: { brokers: ['b:1'] },
    log: { notice: note, warning: note },
    reports: recordedReports().reports,
    outage: new Outage(),
    ending: new AbortController().signal,
    ...part,
  })
  return { outage, log }
}

describe('a coordinator that is loading', () => {
  const loading = Object.assign(new Error('The group coordinator is not available'), {
    type: 'GROUP_COORDINATOR_NOT_AVAILABLE',
  })
  const exhausted = Object.assign(new Error('', { cause: loading }), {
    name: 'KafkaJSNumberOfRetriesExceeded',
  })

  const notFound = Object.assign(new Error(loading.message), { name: 'KafkaJSGroupCoordinatorNotFound' })

  it('is neither logged nor reported for about ten seconds, and is no outage afterwards', () => {
    for (const error of [loading, exhausted, notFound]) {
      const recorded = recordedReports()
      const { outage, log } = given({ reports: recorded.reports })
      for (let attempt = 1; attempt <= 8; attempt += 1) assert.equal(outage.handleFailure(error), attempt)
      assert.deepEqual([log, recorded.written], [[], []])
      outage.handleFailure(error)
      assert.deepEqual(log, ['f  not reading: The group coordinator is not available. Retrying (attempt 1)'])
      assert.deepEqual(recorded.written, ['stalled reading error 1'])
    }
  })

  it('may load again after each success', () => {
    const { outage, log } = given()
    for (let attempt = 1; attempt <= 8; attempt += 1) outage.handleFailure(loading)
    outage.handleSuccess()
    outage.handleFailure(loading)
    assert.deepEqual(log, [])
  })
})

describe('a topic that does not exist', () => {
  // Promise docs/troubleshooting.md#topic-does-not-exist | A missing topic is reported with what to create, and an environment without topics by every command.
  it('is named with the way to create it as soon as Kafka answers, also after an outage', () => {
    const { outage, log } = given()
    const away = Object.assign(new Error('refused'), { name: 'KafkaJSConnectionError' })
    for (let attempt = 1; attempt <= 4; attempt += 1) outage.handleFailure(away)
    log.length = 0
    for (let attempt = 5; attempt <= 8; attempt += 1) outage.handleMissingTopic()
    assert.equal(log.length, 2)
    assert.match(log[0] ?? '', /^f {2}topic t does not exist: create topic t, .* Retrying \(attempt 5\)$/)
    assert.equal(log[1], 'f  topic t still does not exist. Retrying (attempt 8)')
  })

  it('is named in full again if it is deleted after it was read', () => {
    const { outage, log } = given()
    outage.handleMissingTopic()
    outage.handleSuccess()
    outage.handleMissingTopic()
    assert.equal(log.filter(line => line.includes('create topic t')).length, 2)
  })
})
