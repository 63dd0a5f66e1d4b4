/** Which requests are answered at all: those of the console's own page, and those of programs. Pure. */
import type { Access } from './access.ts'

/** What a request says about where it comes from. */
export interface Origins {
  readonly method: string
  readonly url: URL
  /** As the routes see it, without percent signs. */
  readonly path: string
  readonly host: string | undefined
  readonly origin: string | undefined
  /** `Sec-Fetch-Site`, which all present browsers send and no page can set. */
  readonly site: string | undefined
  /** Whether it carries a bearer token: no foreign page can add one, as the console allows no origin but its own. */
  readonly hasBearer: boolean
}

const READING = new Set(['GET', 'HEAD'])

/**
 * Why the request is not answered, in a sentence; undefined if it is.
 *
 * The host must be the console's own: else a foreign name that leads to this machine makes a foreign page the console's own. A
 * change must come from the console's page or carry a bearer token; a question to the API, too, must not come from a foreign page:
 * it could not read the answer, but it would have Kafka read.
 */
export function refusalOf(asked: Origins, access: Pick<Access, 'isOwnHost'>): string | undefined {
  const { host, url, origin } = asked
  if (host === undefined || !access.isOwnHost(host, url))
    return 'The console is asked under a name that is not its own: use the address that it was opened with.'
  if (origin !== undefined && origin !== url.origin) return FOREIGN
  return READING.has(asked.method) ? refusedQuestion(asked) : refusedChange(asked)
}

const FOREIGN = 'The console takes requests from its own pages only, and this one comes from another.'

/** A link on a foreign page may lead to a page of the console, and to nothing else. */
function refusedQuestion({ path, site }: Origins): string | undefined {
  const isOwn = site === undefined || site === 'same-origin' || site === 'none'
  return isOwn || !path.startsWith('/api/') ? undefined : FOREIGN
}

function refusedChange({ origin, site, hasBearer }: Origins): string | undefined {
  if (site !== undefined) return site === 'same-origin' ? undefined : FOREIGN
  // Older browsers send at least the origin with a change.
  return origin !== undefined || hasBearer
    ? undefined
    : 'A change must come from a page of the console, or carry its token: Authorization: Bearer ….'
}
