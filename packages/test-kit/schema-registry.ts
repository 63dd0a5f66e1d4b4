import type { RequestListener } from 'node:http'
import { after, beforeEach } from 'node:test'
import { startHttpServer } from './http-server.ts'

interface Registered {
  readonly schema: string
  readonly schemaType?: string
  readonly references?: readonly {
    readonly name: string
    readonly subject: string
    readonly version: number
  }[]
}

/** Starts a schema registry for one test, with the part of the Confluent API that readers of schemas use. */
export async function startSchemaRegistry() {
  const schemas = new Map<number | string, Registered>()
  const subjects = new Map<string, Registered>()
  const requests: string[] = []
  let status = 200
  let instead: RequestListener | undefined
  const { url, close } = await startHttpServer((request, response) => {
    requests.push(`${request.headers.authorization ?? ''} ${request.url}`.trim())
    if (instead) return instead(request, response)
    const [, id] = /^\/api\/schemas\/ids\/(\d+)$/.exec(request.url ?? '') ?? []
    const [, subject] = /^\/api\/subjects\/([^/]+)\/versions\/1$/.exec(request.url ?? '') ?? []
    const [, guid] = /^\/api\/schemas\/guids\/([\da-f-]{36})$/.exec(request.url ?? '') ?? []
    const found =
      id || guid ? schemas.get(guid ?? Number(id)) : subjects.get(decodeURIComponent(subject ?? ''))
    response.statusCode = status === 200 && !found ? 404 : status
    response.setHeader('content-type', 'application/json')
    response.end(
      JSON.stringify(status === 200 && found ? found : { error_code: 40403, message: 'not found' }),
    )
  })
  return {
    schemas,
    subjects,
    requests,
    uri: `${url}/api/`,
    /** Responds to all further requests with this status. */
    answerWith(code: number) {
      status = code
    },
    /** Responds to all further requests with this function. Without a function, normal responses resume. */
    answerBy(listener?: RequestListener) {
      instead = listener
    },
    close,
  }
}

/**
 * Starts a schema registry for the tests of a file. At the beginning of each test, it contains these schemas and has received no
 * requests.
 */
export async function registryWith(registered: readonly (readonly [number, Registered])[]) {
  const registry = await startSchemaRegistry()
  after(() => registry.close())
  beforeEach(() => {
    registry.requests.length = 0
    registry.answerBy()
    registry.schemas.clear()
    for (const [id, schema] of registered) registry.schemas.set(id, schema)
  })
  return registry
}

/** Frames a message in the same way as a Confluent serializer. */
export function framed(schemaId: number, body: Uint8Array | string): Buffer {
  const head = Buffer.alloc(5)
  head.writeInt32BE(schemaId, 1)
  return Buffer.concat([head, Buffer.from(body as string)])
}
