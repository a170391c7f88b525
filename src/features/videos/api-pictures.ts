import { createRoute } from "@hono/zod-openapi";
import { allow } from "../../web/allow.ts";
import { failure, idParam, jsonOf, newApiPart } from "../../web/api.ts";
import { pictureBody, pictureOf } from "../../web/receive-picture.ts";
import { requireUser } from "../../web/session.ts";
import { videoJson, videoSchema } from "./api-parts.ts";
import { removeOwnPicture, setOwnPicture } from "./own-picture.ts";
import { getVideo, remakePictures } from "./videos.ts";

const picturesRoute = createRoute({
  method: "post",
  path: "/videos/{id}/thumbnails",
  middleware: allow("videos.change"),
  tags: ["Videos"],
  summary: "Take thumbnails and poster again",
  request: { params: idParam },
  responses: { 202: jsonOf(videoSchema, "It will be done."), ...failure },
});

const ownPictureRoute = createRoute({
  method: "put",
  path: "/videos/{id}/thumbnail",
  middleware: allow("videos.change"),
  tags: ["Videos"],
  summary: "Choose the picture that stands for a video",
  description:
    "JPEG, PNG, GIF, WebP, AVIF or HEIC; it becomes a JPEG of 1280×720. The pictures that were taken from the video stay, and taking them again leaves this one alone.",
  request: { params: idParam },
  requestBody: pictureBody,
  responses: { 200: jsonOf(videoSchema, "The video."), ...failure },
});

const removeOwnPictureRoute = createRoute({
  method: "delete",
  path: "/videos/{id}/thumbnail",
  middleware: allow("videos.change"),
  tags: ["Videos"],
  summary: "Go back to the pictures that were taken from the video",
  request: { params: idParam },
  responses: { 204: { description: "There is no chosen picture any more." }, ...failure },
});

export const picturesApi = newApiPart()
  .openapi(ownPictureRoute, async (c) => {
    const [deps, user, { id }] = [c.get("deps"), requireUser(c), c.req.valid("param")];
    await setOwnPicture(deps, user, id, pictureOf(c), c.req.raw.signal);
    return c.json(videoJson(user, getVideo(deps, user, id)), 200);
  })
  .openapi(removeOwnPictureRoute, (c) => {
    removeOwnPicture(c.get("deps"), requireUser(c), c.req.valid("param").id);
    return c.body(null, 204);
  })
  .openapi(picturesRoute, (c) => {
    const user = requireUser(c);
    const { id } = c.req.valid("param");
    remakePictures(c.get("deps"), user, id);
    return c.json(videoJson(user, getVideo(c.get("deps"), user, id)), 202);
  });
