import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { listSubjects } from '../../../../console/api/kafka/subjects.ts'
import type { ConsoleEnvironment } from '../../../../console/environment.ts'
import { rejection } from '../../../support/rejection.ts'
import { startSubjects } from '../../../support/subjects.ts'

async function listed(t: TestContext, ...answers: Parameters<typeof startSubjects>) {
  const { uri: url, close } = await startSubjects(...answers)
  t.after(close)
  return listSubjects(withRegistry({ url }), 500)
}

function withRegistry(registry?: { readonly url: string }) {
  return { config: { registry } } as unknown as Pick<ConsoleEnvironment, 'config'>
}

describe('given a schema registry, when its subjects are listed', () => {
  it('then each has its versions', async t => {
    const { subjects } = await listed(t, {
      '/subjects': ['b', 'a/x'],
      '/subjects/a%2Fx/versions': [1, 2, 4],
      '/subjects/b/versions': [1],
    })
    assert.deepEqual(subjects, [
      { subject: 'a/x', versions: [1, 2, 4] },
      { subject: 'b', versions: [1] },
    ])
  })

  it('then the versions of a subject that is answered late are unknown, and the others are listed', async t => {
    const { subjects } = await listed(t, {
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
    assert.equal(error.code, 'unavailable')
    assert.match(error.message, /^The schema registry refuses GET \/subjects: /)
  })

  it('then none is asked if none is configured', async () => {
    assert.deepEqual(await listSubjects(withRegistry()), { registry: null, subjects: [] })
  })
})
