# The controller, and the whole of the command line: docker build --tag registry.example.com/fusee:0.1.0 .
FROM node:24-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build

FROM node:24-slim
ENV NODE_ENV=production
COPY --from=build /src/LICENSE /src/dist/fusee.mjs /src/dist/THIRD-PARTY-NOTICES.txt /app/
# The user `node`, by number, so that a cluster can see that it is not root.
USER 1000:1000
ENTRYPOINT ["node", "/app/fusee.mjs"]
CMD ["--help"]
