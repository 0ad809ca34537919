# NAT: every form, what the router adds, every refusal, and the way back to nothing.
@include router.part
Router(config-if)#ip nat inside source static 10.0.0.5 198.51.100.5
Router(config)#ip nat inside source static tcp 10.0.0.6 80 198.51.100.6 8080
Router(config)#ip nat inside source static udp 10.0.0.6 53 198.51.100.6 53 no-alias
Router(config)#ip nat inside source static tcp 10.0.0.7 22 interface GigabitEthernet0/1 2222
Router(config)#ip nat inside source static 10.0.0.8 198.51.100.8 no-payload no-alias
Router(config)#ip nat pool P1 198.51.100.10 198.51.100.20 netmask 255.255.255.0
Router(config)#ip nat pool P2 198.51.100.30 198.51.100.40 prefix-length 24
Router(config)#ip nat pool P3 netmask 255.255.255.0
Router(config-ipnat-pool)#address 198.51.100.50 198.51.100.51
Router(config-ipnat-pool)#address 198.51.100.60 198.51.100.61
Router(config-ipnat-pool)#exit
Router(config)#access-list 1 permit 10.0.0.0 0.0.0.255
Router(config)#ip nat inside source list 1 interface eth1
Router(config)#ip nat inside source list 2 pool P1
Router(config)#ip nat inside source list NAMED pool P2 overload
Router(config)#ip nat translation timeout 3600
Router(config)#ip nat translation tcp-timeout never
Router(config)#ip nat translation udp-timeout 60
Router(config)#ip nat translation finrst-timeout 30
Router(config)#ip nat translation syn-timeout 20
Router(config)#ip nat translation dns-timeout 10
Router(config)#ip nat translation icmp-timeout 5
Router(config)#ip nat translation port-timeout tcp 80 90
Router(config)#ip nat translation port-timeout udp 53 never
Router(config)#ip nat translation max-entries 1000
Router(config)#do show running-config | section ip nat
 ip nat inside
 ip nat outside
ip nat translation timeout 3600
ip nat translation tcp-timeout never
ip nat translation udp-timeout 60
ip nat translation finrst-timeout 30
ip nat translation syn-timeout 20
ip nat translation dns-timeout 10
ip nat translation icmp-timeout 5
ip nat translation port-timeout tcp 80 90
ip nat translation port-timeout udp 53 never
ip nat translation max-entries 1000
ip nat pool P1 198.51.100.10 198.51.100.20 netmask 255.255.255.0
ip nat pool P2 198.51.100.30 198.51.100.40 prefix-length 24
ip nat pool P3 netmask 255.255.255.0
 address 198.51.100.50 198.51.100.51
 address 198.51.100.60 198.51.100.61
ip nat inside source list 1 interface GigabitEthernet0/1 overload
ip nat inside source list 2 pool P1
ip nat inside source list NAMED pool P2 overload
ip nat inside source static 10.0.0.5 198.51.100.5
ip nat inside source static tcp 10.0.0.6 80 198.51.100.6 8080 extendable
ip nat inside source static udp 10.0.0.6 53 198.51.100.6 53 extendable no-alias
ip nat inside source static tcp 10.0.0.7 22 interface GigabitEthernet0/1 2222
ip nat inside source static 10.0.0.8 198.51.100.8 no-alias no-payload
Router(config)#do show ip nat translations
Pro  Inside global         Inside local          Outside local         Outside global
---  198.51.100.5          10.0.0.5              ---                   ---
tcp  198.51.100.6:8080     10.0.0.6:80           ---                   ---
udp  198.51.100.6:53       10.0.0.6:53           ---                   ---
tcp  198.51.100.1:2222     10.0.0.7:22           ---                   ---
---  198.51.100.8          10.0.0.8              ---                   ---
Total number of translations: 5
# refusals
Router(config)#ip nat inside source static 10.0.0.5 198.51.100.99
% 10.0.0.5 already mapped (10.0.0.5 -> 198.51.100.5)
Router(config)#ip nat inside source static 10.0.0.99 198.51.100.5
% similar static entry (10.0.0.5 -> 198.51.100.5) already exists
Router(config)#ip nat inside source static tcp 10.0.0.99 80 198.51.100.6 8080
% similar static entry (10.0.0.6 -> 198.51.100.6) already exists
Router(config)#ip nat inside source static 10.0.0.5 198.51.100.5
Router(config)#ip nat pool P9 198.51.100.20 198.51.100.10 netmask 255.255.255.0
%End address less than start address
Router(config)#ip nat pool P9 198.51.100.20 198.51.101.10 netmask 255.255.255.0
%Start and end addresses on different subnets
Router(config)#ip nat pool P9 198.51.100.20 198.51.100.30 netmask 255.0.255.0
                                                                  ^
% Invalid input detected at '^' marker.

Router(config)#no ip nat pool P1
%Pool P1 in use, cannot destroy
Router(config)#ip nat inside source list 1 pool
% Incomplete command.

Router(config)#ip nat inside source static tcp 10.0.0.5 80
% Incomplete command.

Router(config)#ip nat inside source static tcp 10.0.0.5 99999 198.51.100.7 80
                                                        ^
% Invalid input detected at '^' marker.

Router(config)#ip nat inside source static 10.0.0.256 198.51.100.7
                                           ^
% Invalid input detected at '^' marker.

Router(config)#ip nat inside source static 10.0.0.5 198.51.100.5 bogus
                                                                 ^
% Invalid input detected at '^' marker.

Router(config)#ip nat inside
% Incomplete command.

Router(config)#ip nat translation max-entries 0
                                              ^
% Invalid input detected at '^' marker.

Router(config)#ip nat translation tcp-timeout 999999999
                                              ^
% Invalid input detected at '^' marker.

Router(config)#ip nat outside source static 198.51.100.9 10.0.0.9
                      ^
% Invalid input detected at '^' marker.

Router(config)#ip nat service skinny udp port 5060
                               ^
% Invalid input detected at '^' marker.

Router(config)#interface eth1
Router(config-if)#ip address 10.0.0.77 255.255.255.0
% 10.0.0.0 overlaps with GigabitEthernet0/0
Router(config-if)#ip address 198.51.100.1 255.0.255.0
                                          ^
% Invalid input detected at '^' marker.

Router(config-if)#ip address 198.51.100.0 255.255.255.0
% Bad mask /24 for address 198.51.100.0
Router(config-if)#exit
# and away
Router(config)#no ip nat translation max-entries
Router(config)#no ip nat translation port-timeout udp 53
Router(config)#no ip nat translation port-timeout tcp 80
Router(config)#no ip nat translation icmp-timeout
Router(config)#no ip nat translation dns-timeout 10
Router(config)#no ip nat translation syn-timeout
Router(config)#no ip nat translation finrst-timeout
Router(config)#no ip nat translation udp-timeout
Router(config)#no ip nat translation tcp-timeout
Router(config)#no ip nat translation timeout
Router(config)#no ip nat inside source list NAMED pool P2 overload
Router(config)#no ip nat inside source list 2 pool P1
Router(config)#no ip nat inside source list 1 interface eth1 overload
Router(config)#no access-list 1
Router(config)#ip nat pool P3 netmask 255.255.255.0
Router(config-ipnat-pool)#no address 198.51.100.50 198.51.100.51
Router(config-ipnat-pool)#no ip nat pool P3
Router(config)#no ip nat pool P2 198.51.100.30 198.51.100.40 prefix-length 24
Router(config)#no ip nat pool P1
Router(config)#no ip nat inside source static 10.0.0.8 198.51.100.8
Router(config)#no ip nat inside source static tcp 10.0.0.7 22 interface GigabitEthernet0/1 2222
Router(config)#no ip nat inside source static udp 10.0.0.6 53 198.51.100.6 53
Router(config)#no ip nat inside source static tcp 10.0.0.6 80 198.51.100.6 8080 extendable
Router(config)#no ip nat inside source static 10.0.0.5 198.51.100.5
Router(config)#do show running-config | include ip nat
 ip nat inside
 ip nat outside
Router(config)#end
*TIME: %SYS-5-CONFIG_I: Configured from console by console
Router#clear ip nat translation *
Router#clear ip nat statistics
Router#show ip nat translations total
Total number of translations: 0
Router#debug ip nat
IP NAT debugging is on
Router#show debugging
Generic IP:
  IP NAT debugging is on
Router#no debug ip nat
IP NAT debugging is off
Router#undebug all
All possible debugging has been turned off
Router#terminal monitor
Router#no terminal monitor
Router#terminal no monitor
