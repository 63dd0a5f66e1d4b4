/** Defines the application name of Sluice and the namespace of its metrics. */
import { toNamespace } from '#runtime/operating/reports'

export const NAME = 'sluice'
export const NAMESPACE = toNamespace(NAME)
