/** Files of families, for deployments. They reach the disk, and stand apart from the other doors, which are pure. */

export { listFamilyFiles } from './family-files.ts'
