/** Schema registry for a test, with the part of the Confluent API that lists subjects. */
import { startHttpServer } from '@sluice/test-kit/http-server'

export interface SubjectsRegistry {
  readonly uri: string
  close(): Promise<void>
}

/** @param answers responses by path. A path without one is unknown; `late` is never answered */
export async function startSubjects(
  answers: Readonly<Record<string, unknown>>,
  status = 200,
): Promise<SubjectsRegistry> {
  const { url: uri, close } = await startHttpServer(({ url = '' }, response) => {
    const answer = answers[url]
    if (answer === 'late') return
    response.statusCode = answer === undefined ? 404 : status
    response.end(JSON.stringify(answer ?? { error_code: 40401, message: 'not found' }))
  })
  return { uri, close }
}
