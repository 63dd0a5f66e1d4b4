/** Options of the commands that serve pages or an interface on this machine: the address, its names, and who may ask. */
import { randomBytes } from 'node:crypto'
import { list } from '#runtime/settings'
import { type Filter, optionField, withInitial } from '../control/questions/field.ts'
import { CliFailure } from './failure.ts'
import { readInput } from './input.ts'
import type { Terminal } from './terminal.ts'

export const SERVER_OPTIONS = {
  host: withInitial(optionField('<address>', 'address to listen on; in a container, 0.0.0.0'), '127.0.0.1'),
  ownHost: optionField(
    '<list>',
    'further names under which others ask, such as that of a container',
    list(name => /^[\w.-]+$/.test(name), 'a host name without a port'),
  ),
  publishedPorts: optionField(
    '<list>',
    'ports in the printed addresses, such as those that a container publishes',
    list(text => /^[1-9]\d{0,4}$/.test(text), 'a port'),
  ),
  tokenFile: optionField(
    '<file>',
    'file with the token (default: SLUICE_TOKEN, else a new one at each start)',
  ),
}

export type ServerOptions = Filter<typeof SERVER_OPTIONS>

const MIN_LENGTH = 32

export interface ServerToken {
  readonly token: string
  /** True for a token of a file or a variable, which must not be printed. */
  readonly isGiven: boolean
}

/** Returns the token of a server, a new one if none is given. @throws the errors of `readToken` */
export async function resolveToken(tokenFile: string | undefined, terminal: Terminal): Promise<ServerToken> {
  const token = await readToken('SLUICE_TOKEN', tokenFile, terminal)
  return { token: token ?? randomBytes(16).toString('hex'), isGiven: token !== undefined }
}

/**
 * Reads a token from a file or, without one, from a variable; undefined if neither is given.
 *
 * @throws CliFailure if the token is too short, and OperationFailure if its file cannot be read
 */
export async function readToken(
  variable: string,
  file: string | undefined,
  terminal: Terminal,
): Promise<string | undefined> {
  const text = file === undefined ? terminal.environment[variable] : await readInput(file, terminal)
  const token = text?.trim() ?? ''
  if (!token && file === undefined) return undefined
  if (token.length < MIN_LENGTH || /\s/.test(token))
    throw new CliFailure(
      `${file ?? variable}: the token must have at least ${MIN_LENGTH} characters, without spaces`,
    )
  return token
}
