/** Files of families, for deployments. They reach the disk, and are apart from what is pure. */

export { listFamilyFiles } from './family-files.ts'
