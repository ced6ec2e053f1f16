// TypeDoc finds the comment of a method of `Tensor` where the function of `F` behind it is a constant. Where it is a
// function with a body, this plugin gives the method its comment.

import { Converter, ReflectionKind } from 'typedoc';

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    const functions = project.getReflectionsByKind(ReflectionKind.Namespace).find(({ name }) => name === 'F');
    for (const property of project.getReflectionsByKind(ReflectionKind.Property)) {
      const signatures = property.type?.declaration?.signatures;
      if (property.comment !== undefined || signatures === undefined) continue;
      const comment = functions?.getChildByName(property.name)?.signatures?.[0]?.comment?.clone();
      // That of the tensor has no parameter here, and those of the others are not found.
      comment?.removeTags('@param');
      property.comment = comment;
    }
  });
}
