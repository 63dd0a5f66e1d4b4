import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { rejection } from '@sluice/test-kit/rejection'
import type { Environment } from '../../../../control/questions/environment.ts'
import { ask } from '../../../../control/questions/question.ts'
import { SUBJECTS } from '../../../../control/questions/subjects.ts'
import { startSubjects } from '../../../support/subjects.ts'

async function listed(t: TestContext, ...answers: Parameters<typeof startSubjects>) {
  const { uri: url, close } = await startSubjects(...answers)
  t.after(close)
  return listSubjects({ url }, 500)
}

function listSubjects(registry?: { readonly url: string }, withinMs = 500) {
  const environment = { config: { registry } } as unknown as Environment
  return ask(SUBJECTS, environment, {}, { most: 10, mostRecords: 10, nowMs: 0, withinMs })
}

describe('given a schema registry, when its subjects are listed', () => {
  it('then each has its versions', async t => {
    const { rows: subjects } = await listed(t, {
      '/subjects': ['b', 'a/x'],
      '/subjects/a%2Fx/versions': [1, 2, 4],
      '/subjects/b/versions': [1],
    })
    assert.deepEqual(subjects, [
      { subject: 'a/x', versions: [1, 2, 4] },
      { subject: 'b', versions: [1] },
    ])
  })

  // Promise docs/kafka.md#the-same-in-the-console
  it('then the versions of a subject that is answered late are unknown, and the others are listed', async t => {
    const { rows: subjects } = await listed(t, {
      '/subjects': ['a', 'b', 'c'],
      '/subjects/a/versions': [1],
      '/subjects/b/versions': 'late',
    })
    assert.deepEqual(
      subjects.map(({ versions }) => versions),
      [[1], null, null],
    )
  })

  it('then a registry that is away is named, without the rest of the page', async t => {
    const error = (await rejection(listed(t, { '/subjects': {} }, 500))) as Error & { code: string }
    assert.equal(error.code, 'registry-unavailable')
    assert.match(error.message, /^The schema registry refuses GET \/subjects: /)
  })

  it('then none is asked if none is configured', async () => {
    assert.deepEqual(await listSubjects(), {
      rows: [],
      more: 0,
      notes: ['No schema registry is configured: set SCHEMA_REGISTRY_URL.'],
    })
  })
})
