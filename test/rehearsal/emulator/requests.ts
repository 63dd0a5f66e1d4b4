/** Requests to the emulator in the protocols of AWS, so that the rehearsal needs no client for each service. It looks at no signature. */

export const REGION = 'us-east-1'
export const ACCOUNT = '000000000000'

/** The names by which requests are routed: service in the signature, prefix of `x-amz-target`. */
const JSON_SERVICES = {
  events: 'AWSEvents',
  kms: 'TrentService',
  logs: 'Logs_20140328',
  secretsmanager: 'secretsmanager',
  sqs: 'AmazonSQS',
  ssm: 'AmazonSSM',
} as const
type JsonService = keyof typeof JSON_SERVICES

/** The versions of their interfaces. */
const QUERY_SERVICES = {
  cloudformation: '2010-05-15',
  iam: '2010-05-08',
  monitoring: '2010-08-01',
  sns: '2010-03-31',
} as const
type QueryService = keyof typeof QUERY_SERVICES

type Answer = Readonly<Record<string, unknown>>

export class Emulator {
  readonly endpoint: string

  constructor(endpoint: string) {
    this.endpoint = endpoint
  }

  /** An action of a service that takes JSON. @throws Error with what it was answered, unless that is a success */
  async json(service: JsonService, action: string, input: object): Promise<Answer> {
    const headers = {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `${JSON_SERVICES[service]}.${action}`,
    }
    const text = await this.#send(service, '/', { method: 'POST', headers, body: JSON.stringify(input) })
    return text === '' ? {} : JSON.parse(text)
  }

  /** An action of a service that takes a form and answers XML. @throws as `json` */
  query(
    service: QueryService,
    action: string,
    input: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const form = { Action: action, Version: QUERY_SERVICES[service], ...input }
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    return this.#send(service, '/', { method: 'POST', headers, body: String(new URLSearchParams(form)) })
  }

  /** A resource of a service with paths. @throws as `json` */
  async rest(service: string, path: string, method = 'GET', input?: object): Promise<Answer> {
    const body = input === undefined ? {} : { body: JSON.stringify(input) }
    const text = await this.#send(service, path, { method, ...body })
    return text === '' ? {} : JSON.parse(text)
  }

  async #send(service: string, path: string, request: RequestInit): Promise<string> {
    const credential = `Credential=${ACCOUNT}/20260101/${REGION}/${service}/aws4_request`
    const authorization = `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=host, Signature=0`
    const headers = { authorization, ...request.headers }
    const response = await fetch(`${this.endpoint}${path}`, { ...request, headers })
    const text = await response.text()
    if (response.ok) return text
    throw new Error(`${service} ${path} was answered with status ${response.status}: ${text.slice(0, 500)}`)
  }
}

/** The texts of all elements of this name, wherever they are. */
export function elements(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, text = '']) =>
    unescaped(text),
  )
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }

function unescaped(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (entity, hex, decimal, name) => {
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16))
    return decimal ? String.fromCodePoint(Number(decimal)) : (ENTITIES[name] ?? entity)
  })
}
