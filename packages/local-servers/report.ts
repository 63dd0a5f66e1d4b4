/**
 * State of a server. `installing` and `starting` are reported repeatedly, every ten seconds. `used` means that the server was already running; it
 * is not stopped at the end.
 */
export type ServiceState = 'installing' | 'installed' | 'starting' | 'ready' | 'used' | 'stopping' | 'stopped'

export interface ServiceEvent {
  readonly service: string
  readonly state: ServiceState
  /** Details for the user, such as a version, an address or a reason. */
  readonly detail: string
  /** Duration of the state, in milliseconds. */
  readonly ms: number
}

export type Report = (event: ServiceEvent) => void
