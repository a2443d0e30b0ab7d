import type { Container, JsonObject } from '../../definitions/container.ts'
import { textField } from './json-fields.ts'

/** Where a container finds a mount: the path that its manifest says, and the folder that it really is. */
export interface Mount {
  mountPath: string
  folder: string
}

/** Variables by which a container may be told where a mount is, so that it can be anywhere. */
const PLACE_VARIABLE = /^FUSEE_/

/** `mountPath` without a slash at its end. */
export function mountPathOf(mount: JsonObject): string {
  return textField(mount, 'mountPath').replace(/(?<=.)\/+$/, '')
}

/** Whether the container learns the place of this mount by a variable. */
export function isPlaceKnown(container: Container, mount: JsonObject): boolean {
  const place = mountPathOf(mount)
  return (container.env ?? []).some((variable) => isPlaceVariable(variable.name) && variable.value !== undefined && isWithin(variable.value, place))
}

/** Whether a variable of this name is rewritten when it names a mount. */
export function isPlaceVariable(name: string): boolean {
  return PLACE_VARIABLE.test(name)
}

/** The real path of a path in or below a mount (the innermost wins); null for a path elsewhere. */
export function realPathOf(path: string, mounts: readonly Mount[]): string | null {
  const innermost = mounts.filter((mount) => isWithin(path, mount.mountPath)).sort((a, b) => b.mountPath.length - a.mountPath.length)[0]
  return innermost === undefined ? null : innermost.folder + path.slice(innermost.mountPath.length).replace(/\/+$/, '')
}

/** Whether a path is a folder or lies in it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`)
}
