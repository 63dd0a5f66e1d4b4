/** Subjects of a schema registry, for operators. Loads the client of the registry. */
export { createRegistrySubjects, registryUnavailable } from '../../adapters/registry/data-writer.ts'
