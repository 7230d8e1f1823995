#ifndef HENG_BILL_STEPS_SHARE_H
#define HENG_BILL_STEPS_SHARE_H
/* What a step of apportionment says: X(symbol, code, zh, en, de), see explain.h. */
#include "bill/steps_heat.h"
/* clang-format off */
#define HENG_SHARE_STEP_LIST(X)                                                                                        \
    X(SHARE_QUANTITY, "share",                                                                                         \
      "{s}：{1} × {2} ÷ {3} = {4}，按最大余数法取 {=} {u}",                                                            \
      "{s}: {1} × {2} ÷ {3} = {4}, by largest remainder {=} {u}",                                                      \
      "{s}: {1} × {2} ÷ {3} = {4}, nach größtem Rest {=} {u}")                                                         \
    X(SHARE_TOTAL, "share-total",                                                                                      \
      "{s}：{1} 户合计权重 {2}，分摊 {=} {u}",                                                                         \
      "{s}: {1} participants, weights together {2}, to share {=} {u}",                                                 \
      "{s}: {1} Teilnehmer, Gewichte zusammen {2}, zu verteilen {=} {u}")                                              \
    X(SHARE_BY_AREA, "weight-by-area",                                                                                 \
      "{s}：权重 = 面积 {1} m² × {2} = {=}",                                                                           \
      "{s}: weight = area {1} m² × {2} = {=}",                                                                         \
      "{s}: Gewicht = Fläche {1} m² × {2} = {=}")                                                                      \
    X(SHARE_OPEN, "weight-open-time",                                                                                  \
      "{s}：开阀 {2} h ÷ 供热 {3} h = {4}；权重 = 面积 {1} m² × {2} h = {=}",                                          \
      "{s}: open {2} h ÷ supply {3} h = {4}; weight = area {1} m² × {2} h = {=}",                                      \
      "{s}: offen {2} h ÷ Heizzeit {3} h = {4}; Gewicht = Fläche {1} m² × {2} h = {=}")                                \
    X(SHARE_POSITION, "weight-position",                                                                               \
      "{s}：权重 = {1} × 位置修正系数 {2} = {=}",                                                                      \
      "{s}: weight = {1} × position factor {2} = {=}",                                                                 \
      "{s}: Gewicht = {1} × Lagefaktor {2} = {=}")                                                                     \
    X(SHARE_MEMORY, "substitute-memory",                                                                               \
      "{s}：缺数，由装置存储补读：{=}",                                                                                \
      "{s}: missing, recovered from the memory of the device: {=}",                                                    \
      "{s}: fehlt, aus dem Gerätespeicher nachgelesen: {=}")                                                           \
    X(SHARE_OWN_SERIES, "substitute-own-series",                                                                       \
      "{s}：缺数，自身数据覆盖 {2} h / {3} h = {4}：{1} × {3} ÷ {2} = {=}",                                            \
      "{s}: gap, its own series covers {2} h of {3} h = {4}: {1} × {3} ÷ {2} = {=}",                                   \
      "{s}: Lücke, eigene Reihe deckt {2} h von {3} h = {4}: {1} × {3} ÷ {2} = {=}")                                   \
    X(SHARE_OWN_PERIODS, "substitute-own-periods",                                                                     \
      "{s}：缺数，取自身可比各期：{=}",                                                                                \
      "{s}: missing, from its own comparable periods: {=}",                                                            \
      "{s}: fehlt, aus eigenen vergleichbaren Zeiträumen: {=}")                                                        \
    X(SHARE_COMPARABLE, "substitute-comparable",                                                                       \
      "{s}：缺数，取本期可比房间：{=}",                                                                                \
      "{s}: missing, from comparable rooms of this period: {=}",                                                       \
      "{s}: fehlt, aus vergleichbaren Räumen dieses Zeitraums: {=}")                                                   \
    X(SHARE_OWN_RATIO, "substitute-own-ratio",                                                                         \
      "{s}：缺数，前一可比期占比 {1} ÷ {2} = {3}；权重 = {4} × {3} ÷ (1 − {5}) = {=}",                                 \
      "{s}: missing, its part of the earlier period {1} ÷ {2} = {3}; weight = {4} × {3} ÷ (1 − {5}) = {=}",            \
      "{s}: fehlt, Anteil der Vorperiode {1} ÷ {2} = {3}; Gewicht = {4} × {3} ÷ (1 − {5}) = {=}")                      \
    X(SHARE_MEAN, "substitute-mean",                                                                                   \
      "{s}：缺数，有效户均值：面积 {3} m² × {1} ÷ {2} m² = {=}",                                                       \
      "{s}: missing, mean of the flats with a value: area {3} m² × {1} ÷ {2} m² = {=}",                                \
      "{s}: fehlt, Mittel der Wohnungen mit Wert: Fläche {3} m² × {1} ÷ {2} m² = {=}")                                 \
    X(SHARE_AREA_FLAT, "substitute-area",                                                                              \
      "{s}：缺数，本户按面积 {1} ÷ {2} m² = {3}；权重 = {4} × {3} ÷ (1 − {5}) = {=}",                                  \
      "{s}: missing, this flat by area {1} ÷ {2} m² = {3}; weight = {4} × {3} ÷ (1 − {5}) = {=}",                      \
      "{s}: fehlt, diese Wohnung nach Fläche {1} ÷ {2} m² = {3}; Gewicht = {4} × {3} ÷ (1 − {5}) = {=}")               \
    X(SHARE_TAMPER, "substitute-tamper",                                                                               \
      "{s}：装置被动过，按规则 {2}：每 m² {1} × 面积 {3} m² = {=}",                                                    \
      "{s}: tampered with, by the rule {2}: {1} per m² × area {3} m² = {=}",                                           \
      "{s}: manipuliert, nach Regel {2}: {1} je m² × Fläche {3} m² = {=}")                                             \
    X(SHARE_LIMIT, "area-limit",                                                                                       \
      "{s}：受影响面积 {1} ÷ {2} m² = {=}，界限 {3}（须超过）",                                                        \
      "{s}: affected area {1} ÷ {2} m² = {=}, limit {3} (must be exceeded)",                                           \
      "{s}: betroffene Fläche {1} ÷ {2} m² = {=}, Grenze {3} (muss überschritten sein)")                               \
    X(SHARE_ALL_ZERO, "all-zero",                                                                                      \
      "{s}：全部权重为零，改按面积分摊（合计 {=} m²）",                                                                \
      "{s}: all weights are zero, shared by area instead (together {=} m²)",                                           \
      "{s}: alle Gewichte sind null, Verteilung nach Fläche (zusammen {=} m²)")                                        \
    X(SHARE_REGISTER, "register",                                                                                      \
      "{s}：({2} − {1}) × {3} = {=} {u}",                                                                              \
      "{s}: ({2} − {1}) × {3} = {=} {u}",                                                                              \
      "{s}: ({2} − {1}) × {3} = {=} {u}")                                                                              \
    X(SHARE_CONVERT, "convert",                                                                                        \
      "{s}：{1} × {2} ÷ {3} = {=} {u}{r}",                                                                             \
      "{s}: {1} × {2} ÷ {3} = {=} {u}{r}",                                                                             \
      "{s}: {1} × {2} ÷ {3} = {=} {u}{r}")                                                                             \
    X(SHARE_K, "k-factor",                                                                                             \
      "{s}：K = KQ {1} × KC {2} × KT {3} = {=}{r}",                                                                    \
      "{s}: K = KQ {1} × KC {2} × KT {3} = {=}{r}",                                                                    \
      "{s}: K = KQ {1} × KC {2} × KT {3} = {=}{r}")                                                                    \
    X(SHARE_RADIATOR, "radiator",                                                                                      \
      "{s}：{1} 格 × K {2} = {=}",                                                                                     \
      "{s}: {1} units × K {2} = {=}",                                                                                  \
      "{s}: {1} Einheiten × K {2} = {=}")                                                                              \
    X(SHARE_FLOW, "flow-sample",                                                                                       \
      "{s}：流量份额 {1} × 温差 {2} K × {3} h = {=}",                                                                  \
      "{s}: flow share {1} × difference {2} K × {3} h = {=}",                                                          \
      "{s}: Durchflussanteil {1} × Spreizung {2} K × {3} h = {=}")                                                     \
    X(SHARE_DEGREE_HOURS, "degree-hours",                                                                              \
      "{s}：积分 {1} °C·h − 基准 {2} °C × {3} h = {=} °C·h",                                                           \
      "{s}: integral {1} °C·h − base {2} °C × {3} h = {=} °C·h",                                                       \
      "{s}: Integral {1} °C·h − Basis {2} °C × {3} h = {=} °C·h")                                                      \
    X(SHARE_ROOM, "room-sample",                                                                                       \
      "{s}：(室温 {1} °C − 基准 {2} °C) × {3} h = {=} °C·h",                                                           \
      "{s}: (room {1} °C − base {2} °C) × {3} h = {=} °C·h",                                                           \
      "{s}: (Raum {1} °C − Basis {2} °C) × {3} h = {=} °C·h")                                                          \
    X(SHARE_ROOMS, "rooms",                                                                                            \
      "{s}：各房间按面积平均 = {1} ÷ {2} m² = {=} °C·h",                                                                        \
      "{s}: mean of the rooms by area = {1} ÷ {2} m² = {=} °C·h",                                                      \
      "{s}: Mittel der Räume nach Fläche = {1} ÷ {2} m² = {=} °C·h")                                                   \
    X(SHARE_TEMPERATURE_TIME, "temperature-time",                                                                      \
      "{s}：平均室温 {1} °C × 开阀 {2} h = {=}",                                                                       \
      "{s}: mean room temperature {1} °C × open {2} h = {=}",                                                          \
      "{s}: mittlere Raumtemperatur {1} °C × offen {2} h = {=}")                                                       \
    X(SHARE_PIPE, "pipe-heat",                                                                                         \
      "{s}：记录率 = {1} × {2} ÷ {3} kWh = {=}",                                                                       \
      "{s}: recorded = {1} × {2} ÷ {3} kWh = {=}",                                                                     \
      "{s}: erfasst = {1} × {2} ÷ {3} kWh = {=}")                                                                      \
    X(SHARE_PIPE_UNITS, "pipe-heat-units",                                                                             \
      "{s}：{1} + 管道 {2} × {3} m² ÷ {4} m² = {=}",                                                                   \
      "{s}: {1} + pipes {2} × {3} m² ÷ {4} m² = {=}",                                                                  \
      "{s}: {1} + Rohrwärme {2} × {3} m² ÷ {4} m² = {=}")                                                              \
    HENG_HEAT_STEP_LIST(X)
/* clang-format on */
#endif
