/** Address of a server or a cluster, parsed from a URL. */
export interface RedisAddress {
  readonly tls: boolean
  /** The host of a server, or the initial hosts of a cluster, from which all other nodes are discovered. */
  readonly hosts: readonly { readonly host: string; readonly port: number }[]
  readonly username?: string
  readonly password?: string
  readonly database: number
}

/**
 * Parses `redis://user:password@host:port/database`. `rediss://` means TLS, and everything except the host is
 * optional. Several hosts are separated by commas, each with its own port.
 *
 * @returns undefined if the URL is not in this form
 */
export function parseRedisUrl(url: string): RedisAddress | undefined {
  const parts = /^(rediss?):\/\/(?:([^/]*)@)?([^@/?#]+)(?:\/(\d{0,5}))?$/.exec(url)
  if (!parts) return undefined
  const [, scheme, credentials = '', authority = '', database = ''] = parts
  const hosts = authority.split(',').map(parseHost)
  const [username, password] = credentials.split(/:(.*)/s, 2).map(decodeCredential)
  if (!hosts.every(host => host !== undefined) || username === null || password === null) return undefined
  return {
    tls: scheme === 'rediss',
    hosts,
    ...(username ? { username } : {}),
    ...(password ? { password } : {}),
    database: Number(database),
  }
}

/** Returns hosts and ports for display, without user name and password. */
export function describeAddress({ hosts }: RedisAddress): string {
  return hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`).join(',')
}

function parseHost(text: string): { host: string; port: number } | undefined {
  const url = URL.parse(`redis://${text}`)
  if (!url?.hostname || url.port === '0') return undefined
  // A URL has brackets around an IPv6 address, but a connection needs the address without them.
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(url.port || 6379) }
}

function decodeCredential(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
